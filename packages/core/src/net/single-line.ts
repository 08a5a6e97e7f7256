/** Characters that could forge or hide lines where the text is printed. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** What a peer says of itself, or why it ends something, as one line that cannot forge others: control characters become spaces. */
export function singleLine(text: string): string {
  return text.replace(CONTROLS, ' ')
}
