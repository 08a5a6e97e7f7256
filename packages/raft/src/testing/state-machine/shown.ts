import { inspect } from 'node:util'

const MAX_SHOWN = 120

/** A value in one line of an error. */
export function shown(value: unknown): string {
  const text = inspect(value, { breakLength: Infinity })
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
