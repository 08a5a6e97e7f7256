/** In UTF-16 units. */
export const MAX_TEXT = 2_000
export const MAX_NAME = 40

/** What a terminal might obey: controls, line separators, marks that turn the direction of what follows. */
const COMMANDS = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** Text of somebody else as one harmless line of at most `limit` units: what a terminal might obey shows as �. */
export function harmless(text: unknown, limit: number): string {
  const given = typeof text === 'string' ? text : String(text)
  const kept = given.length > limit ? `${given.slice(0, limit - 1)}…` : given
  return kept.replaceAll('\t', ' ').replaceAll(COMMANDS, '\ufffd').toWellFormed()
}

/** A line as messages that are not too long, none of which ends within a character. */
export function piecesOf(line: string): readonly string[] {
  const pieces: string[] = []
  for (let rest = line.trim().toWellFormed(); rest !== '';) {
    const isSplit = rest.length > MAX_TEXT && /[\ud800-\udbff]/.test(rest.charAt(MAX_TEXT - 1))
    const end = isSplit ? MAX_TEXT - 1 : MAX_TEXT
    pieces.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return pieces
}

/** A name as it is shown: with the end of the id while somebody else has the same one. */
export function labelOf(peer: string, name: string, others: Iterable<readonly [peer: string, name: string]>): string {
  const shown = harmless(name, MAX_NAME)
  for (const [other, theirs] of others)
    if (other !== peer && harmless(theirs, MAX_NAME) === shown) return `${shown} (…${harmless(peer.slice(-6), 6)})`
  return shown
}
