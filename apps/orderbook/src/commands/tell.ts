import type { EventFields, Output } from '@mosaik/cli'
import type { Emit } from '../roles/protocol.ts'

const SAID_EVERY_MS = 2_000
/** What comes again and again. */
const REGULAR = ['status', 'streams']

/** Events as they are with `--json`, and for people lines with what is short in them; `status` and `streams` every other second each. */
export function tell(output: Output): Emit {
  const saidAt = new Map<string, number>()
  return (event, fields = {}) => {
    output.event(event, fields as EventFields)
    if (output.isJson) return
    const now = performance.now()
    if (REGULAR.includes(event)) {
      if (now - (saidAt.get(event) ?? Number.NEGATIVE_INFINITY) < SAID_EVERY_MS) return
      saidAt.set(event, now)
    }
    const short = Object.entries(fields).filter(([, value]) => value !== undefined && (typeof value !== 'object' || value === null))
    output.say([event, ...short.map(([name, value]) => `${name} ${value}`)].join('  '))
  }
}
