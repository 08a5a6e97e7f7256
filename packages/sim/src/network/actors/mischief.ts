import { MosaikError, peerIdOf, secretKey, uniqueId } from '@mosaik/core'
import type { Draw } from '../../draw.ts'
import { TAGS } from '../plan/plan.ts'
import { pass } from './pass.ts'
import type { Life } from '../world/machine.ts'
import type { Sim } from '../world/sim.ts'

const RENEWED_FOR_MS = 12_000
/** Dialling, and every wait of the exchange at its longest. */
const SYNC_MS = 90_000
const RENEW_EVERY_MS = 4_000
/** Before the first phase is over, even where clocks are slow. */
const LAPSES_AFTER_MS = 3_000

/** Keeps a node's ticket as its plan says. */
export async function runPass(life: Life): Promise<void> {
  const { discovery } = life.network
  const { pass: kind } = life.machine.plan
  if (kind === 'none') return
  const lasts = kind === 'renewed' ? RENEWED_FOR_MS : life.number === 1 ? LAPSES_AFTER_MS : 1
  discovery.addTicket(pass(kind === 'forever' ? 'never' : life.clock.now() + lasts))
  while (kind === 'renewed') {
    await life.sleep(RENEW_EVERY_MS)
    if (!life.isOpen) return
    discovery.replaceTicket(pass(life.clock.now() + RENEWED_FOR_MS))
  }
}

/** Changes what a node says of itself, and what it believes of others. */
export async function runMischief(sim: Sim, life: Life, draw: Draw): Promise<void> {
  const carried: { readonly from: Life; readonly bytes: Uint8Array }[] = []
  for (;;) {
    await life.sleep(draw.around(2_500))
    if (!life.isOpen || sim.phase !== 'safety') return
    const { discovery } = life.network
    const other = draw.pick(sim.open)
    if (life.machine.plan.fickle && draw.chance(0.5)) toggle(life, draw.pick(TAGS))
    if (draw.chance(0.2)) insert(sim, life, draw, other)
    if (draw.chance(0.15)) discovery.remove(draw.pick([...life.inserted, other.peerId]))
    if (draw.chance(0.2)) carried.push({ from: other, bytes: other.network.discovery.exportMe() })
    const letter = carried[draw.int(0, carried.length * 2)]
    if (letter !== undefined) feed(sim, life, letter)
    if (other !== life && draw.chance(0.4)) await sync(sim, life, other)
  }
}

/** What was put in by hand would stay for ever. */
export function undoMischief(life: Life): void {
  life.network.discovery.clearUnsigned()
  life.inserted.clear()
}

function toggle(life: Life, tag: string): void {
  const { discovery } = life.network
  if (discovery.me.hasTag(tag)) discovery.removeTags(tag)
  else discovery.addTags(tag)
}

/** Somebody who does not exist, or somebody who does. */
function insert(sim: Sim, life: Life, draw: Draw, other: Life): void {
  const { discovery } = life.network
  const invented = draw.chance(0.6) || other.machine.plan.network !== life.machine.plan.network
  const peerId = invented ? peerIdOf(secretKey(`nobody ${sim.plan.seed} ${draw.int(1, 5)}`)) : other.peerId
  const addresses = invented ? ['/ip4/127.0.0.1/udp/9/quic-v1'] : other.network.local.addresses
  const streams = sim.plan.streams.filter(() => draw.chance(0.3)).map((name) => uniqueId(name))
  if (discovery.insert({ peerId, addresses, streams, tags: draw.some(TAGS, 1) })) life.inserted.add(peerId)
}

function feed(sim: Sim, life: Life, { from, bytes }: { readonly from: Life; readonly bytes: Uint8Array }): void {
  const taken = life.network.discovery.feed(bytes)
  if (!taken || from.machine.plan.network === life.machine.plan.network) return
  sim.fail(
    'networks-apart',
    'entries of other networks are refused (Discovery.feed)',
    `${life.name} took an entry of ${from.name}, which is in another network`,
  )
}

/** A comparison by hand may fail for many reasons; when it succeeds, it was of use. */
async function sync(sim: Sim, life: Life, other: Life): Promise<void> {
  const known = [...other.network.discovery.catalog.value, other.network.discovery.me]
  try {
    await life.expect(life.network.discovery.syncWith(other.peerId), `syncWith(${other.name})`, sim.now, SYNC_MS)
  } catch (error) {
    if (MosaikError.is(error)) return
    throw error
  }
  sim.tell((probe) => probe.onSynced?.(life, other, known))
}
