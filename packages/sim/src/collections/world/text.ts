/** The same for what is the same as JSON; what is not there has a text, too. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
