/** What a terminal might obey: controls, line separators, marks that turn the direction of what follows. Not a tab, which it only shows. */
const COMMANDS = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** Text of somebody else as one line that a terminal shows, whatever is in it: what it might obey is �. */
export function printable(text: string): string {
  return text.replaceAll(COMMANDS, '\ufffd').toWellFormed()
}

/** The same for text that may have several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

/** The same for JSON, which says what it said: within its texts everything has another spelling. */
export function printableJson(json: string): string {
  return json.replaceAll(COMMANDS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
