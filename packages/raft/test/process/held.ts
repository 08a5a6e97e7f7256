import { createHash } from 'node:crypto'
import type { Fate } from './processes.ts'

/** What nothing must be said of, because nothing was sent. */
const NEVER_SENT: Fate = 'ERR_OFFLINE'

/**
 * Throws unless all states are the same, and what they hold is each command that was acknowledged, once, some of those whose fate
 * is unknown, at most once, and nothing else.
 */
export function assertHeld(states: readonly (readonly string[])[], fates: ReadonlyMap<string, Fate>): void {
  const [lines = []] = states
  const hashes = states.map((state) => createHash('sha256').update(state.join('\n')).digest('hex'))
  const wrong: string[] = []
  if (hashes.some((hash) => hash !== hashes[0])) wrong.push(`the states differ: ${differences(states)}`)
  const held = new Set(lines)
  if (held.size !== lines.length) wrong.push(`applied twice: ${some(lines.filter((line, at) => lines.indexOf(line) !== at))}`)
  const lost = [...fates].flatMap(([line, fate]) => (fate === 'done' && !held.has(line) ? [line] : []))
  if (lost.length > 0) wrong.push(`acknowledged and lost: ${some(lost)}`)
  const foreign = lines.filter((line) => !fates.has(line))
  if (foreign.length > 0) wrong.push(`never given: ${some(foreign)}`)
  const denied = lines.filter((line) => fates.get(line) === NEVER_SENT)
  if (denied.length > 0) wrong.push(`applied, though nothing was sent: ${some(denied)}`)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

function some(lines: readonly string[]): string {
  return `${lines.length} (${lines.slice(0, 10).join(', ')})`
}

function differences(states: readonly (readonly string[])[]): string {
  const [first = []] = states
  return states
    .map((state, i) => {
      const at = state.findIndex((line, n) => line !== first[n])
      return `state ${i} has ${state.length} lines${at < 0 ? '' : `, and at ${at} ${state[at]} instead of ${first[at]}`}`
    })
    .join('; ')
}
