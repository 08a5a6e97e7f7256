import type { EventFields, Output } from '@mosaik/cli'
import type { Emit } from '../roles/protocol.ts'

const SAID_EVERY_MS = 2_000

/** Events as they are with `--json`, and for people lines with what is short in them; `status` only now and then. */
export function tell(output: Output): Emit {
  let saidAt = Number.NEGATIVE_INFINITY
  return (event, fields = {}) => {
    output.event(event, fields as EventFields)
    if (output.isJson) return
    const now = performance.now()
    if (['status', 'streams'].includes(event)) {
      if (now - saidAt < SAID_EVERY_MS) return
      saidAt = now
    }
    const short = Object.entries(fields).filter(([, value]) => value !== undefined && (typeof value !== 'object' || value === null))
    output.say([event, ...short.map(([name, value]) => `${name} ${value}`)].join('  '))
  }
}
