import { printable } from '@mosaik/cli'

/** In UTF-16 units. */
export const MAX_TEXT = 2_000
export const MAX_NAME = 40

/** The beginning of a text of somebody else: at most `limit` units. */
export function shortened(text: string, limit: number): string {
  const kept = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  return kept.replaceAll('\t', ' ')
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

/** A name as it is shown: with the end of the id while somebody else has one that looks the same. */
export function labelOf(peer: string, name: string, others: Iterable<readonly [peer: string, name: string]>): string {
  const shown = shownName(name)
  for (const [other, theirs] of others) if (other !== peer && shownName(theirs) === shown) return `${shown} (…${peer.slice(-6)})`
  return shown
}

function shownName(name: string): string {
  return printable(shortened(name, MAX_NAME))
}
