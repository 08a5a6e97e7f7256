import { Intake } from '../../discovery/src/driver/intake.ts'
import { Conversation } from '../../discovery/src/driver/conversation.ts'
import { encodeSync } from '../../discovery/src/wire/sync.ts'
export const counts: Record<string, number> = {}
const add = (k: string, n: number): void => void (counts[k] = (counts[k] ?? 0) + n)
const receive = Intake.prototype.receive
Intake.prototype.receive = function (wire, details) {
  const out = receive.call(this, wire, details)
  add(`recv ${details === null ? 'bare' : 'full'} ${out.outcome}`, 1)
  if (details !== null) add(`bytes full ${out.outcome}`, wire[0].length + wire[1].length + details.length)
  return out
}
const send = Conversation.prototype.send
Conversation.prototype.send = function (m) {
  add(`sent ${m.type}`, 1)
  add(`sentbytes ${m.type}`, encodeSync(m).length)
  return send.call(this, m)
}
