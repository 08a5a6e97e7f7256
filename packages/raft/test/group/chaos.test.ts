import { seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import { expect, it } from 'vitest'
import { GroupWorld } from './world.ts'
import type { Node } from './world.ts'

const SEEDS = Number(process.env['GROUP_SEEDS'] ?? 20)
const FIRST = Number(process.env['GROUP_FROM'] ?? 1)
const ROUNDS = 12
const WRITES = 12
/** Far more than any recovery takes. */
const SETTLE_MS = 60_000

class Draw {
  readonly #prng: Prng

  constructor(prng: Prng) {
    this.#prng = prng
  }

  /** From 0 to below `end`. */
  int(end: number): number {
    return Math.floor(this.#prng.float() * end)
  }
}

/**
 * One node at a time is killed, stopped or cut off, while all others execute. The rest goes on and loses nothing; who is cut off for longer
 * than the recovery timeout goes on alone, and its commands are handed over when the two histories meet.
 */
async function play(seed: number): Promise<void> {
  await using world = new GroupWorld(seed)
  const draw = new Draw(seededPrng(`faults ${seed}`))
  const size = 3 + 2 * draw.int(2)
  const retention = { entries: seed % 2 === 0 ? 16 : 4_096 } // with and without snapshots
  await world.cluster(size, { retention })
  await world.run(settled(world, Math.min(size, 5)))
  const acknowledged = new Map<string, string | undefined>()
  const doubtful = new Set<string>()
  const acknowledgedIn = new Map<string, number>()
  let round = 0
  const reader = read(world, draw, acknowledgedIn, () => round >= ROUNDS)
  const writers = Array.from({ length: 3 }, (_, i) =>
    write(world, `w${i}`, draw, { acknowledged, acknowledgedIn, doubtful, isOver: () => round >= ROUNDS }),
  )
  await world.run(
    (async () => {
      for (; round < ROUNDS; round++) await fault(world, draw, retention)
      await Promise.all([...writers, reader])
      await settled(world, Math.min(size, 5))
      await world.nodes[0]!.group.execute('the end')
      const last = world.nodes[0]!.group.committed.value
      await Promise.all(world.nodes.map(({ group }) => group.position.until(({ index }) => index >= last)))
    })(),
  )
  const [first, ...others] = world.nodes as [Node, ...Node[]]
  for (const other of others) expect(other.journal.lines, `seed ${seed}`).toEqual(first.journal.lines)
  const counts = Map.groupBy(first.journal.lines, (line) => line)
  for (const [line, times] of counts) expect(times.length, `seed ${seed}: ${line} was applied ${times.length} times`).toBe(1)
  for (const [line, lineage] of acknowledged) {
    // What a lost history hands over reaches back as far as its log does.
    if (retention.entries < 4_096 && lineage !== first.group.lineage) continue
    expect(counts.has(line) || world.superseded.has(line), `seed ${seed}: ${line} was acknowledged and is lost`).toBe(true)
  }
  for (const line of counts.keys()) expect(acknowledged.has(line) || doubtful.has(line) || line === 'the end').toBe(true)
  expect(acknowledged.size).toBeGreaterThan(ROUNDS)
}

interface Record {
  /** In which history. */
  readonly acknowledged: Map<string, string | undefined>
  /** How many, by history. */
  readonly acknowledgedIn: Map<string, number>
  readonly doubtful: Set<string>
  readonly isOver: () => boolean
}

async function write(
  world: GroupWorld,
  name: string,
  draw: Draw,
  { acknowledged, acknowledgedIn, doubtful, isOver }: Record,
): Promise<void> {
  for (let i = 0; i < WRITES || !isOver(); i++) {
    const line = `${name} ${i}`
    const { group } = world.nodes[draw.int(world.nodes.length)]!
    // In doubt until it is known: its node may be killed meanwhile, and never answer.
    doubtful.add(line)
    await Promise.race([
      group.execute(line, { timeout: '20s' }).then(
        () => {
          acknowledged.set(line, group.lineage)
          acknowledgedIn.set(group.lineage as string, (acknowledgedIn.get(group.lineage as string) ?? 0) + 1)
        },
        () => {},
      ),
      world.pass(25_000),
    ])
    await world.pass(draw.int(200))
  }
}

/** A strong query sees at least what had been acknowledged in its history before it was asked. */
async function read(world: GroupWorld, draw: Draw, acknowledgedIn: ReadonlyMap<string, number>, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { group } = world.nodes[draw.int(world.nodes.length)]!
    const { lineage } = group
    const least = acknowledgedIn.get(lineage ?? '') ?? 0
    const seen = await Promise.race([
      group.query('size', { timeout: '5s' }).then(
        ({ result }) => (group.lineage === lineage ? (result as number) : Infinity),
        () => Infinity,
      ),
      world.pass(6_000).then(() => Infinity),
    ])
    expect(seen, 'a strong query sees what was acknowledged').toBeGreaterThanOrEqual(least)
    await world.pass(draw.int(100))
  }
}

async function fault(world: GroupWorld, draw: Draw, retention: { readonly entries: number }): Promise<void> {
  const voters = Math.min(world.nodes.length, 5)
  await settled(world, voters)
  const victim = world.nodes[draw.int(world.nodes.length)]!
  const kind = draw.int(5)
  if (kind === 0) {
    world.crash(victim)
    await world.pass(draw.int(3_000))
    await world.restart(victim, { retention })
  } else if (kind === 1) {
    world.sim.pause(victim.endpoint)
    await world.pass(draw.int(10_000))
    world.sim.resume(victim.endpoint)
  } else if (kind === 2) {
    const heal = world.sim.partition(victim.endpoint)
    await world.pass(draw.int(10_000))
    heal()
  } else if (kind === 3) {
    const heal = world.sim.partition(victim.endpoint, undefined, { oneWay: true })
    await world.pass(draw.int(10_000))
    heal()
  } else if (victim.group.isLeader) await victim.group.transferLeadership().catch(() => {})
  else await victim.groups.close().then(() => world.restart(victim, { retention }))
}

/** Everyone follows one leader, and so many have a vote. */
async function settled(world: GroupWorld, voters: number): Promise<void> {
  const until = world.sim.now + SETTLE_MS
  for (;;) {
    const leader = world.nodes.find(({ group }) => group.isLeader)
    const votes = leader?.group.members.value.filter(({ standing }) => standing === 'voter').length
    if (votes === voters && world.nodes.every(({ group }) => group.leader === leader?.id)) return
    if (world.sim.now > until) throw new Error(`not settled with ${voters} voters in ${SETTLE_MS} ms:\n${world.nodes.map(told).join('\n')}`)
    await world.pass(100)
  }
}

function told({ id, group }: Node): string {
  const members = group.members.value.map(
    ({ peerId, incarnation, standing }) => `${peerId.slice(-4)}/${incarnation.slice(0, 4)} ${standing}`,
  )
  const role = group.isLeader ? 'leads' : `follows ${group.leader?.slice(-4)}`
  const bonds = group.bonds.value.map(({ peerId }) => peerId.slice(-4)).join(' ')
  const at = `${group.lineage?.slice(0, 6)} term ${group.term} committed ${group.committed.value} applied ${group.position.value.index}`
  return `${id.slice(-4)} ${role} in ${at}; bonds ${bonds}; members ${members.join(', ')}`
}

for (let seed = FIRST; seed < FIRST + SEEDS; seed++) it(`seed ${seed}`, { timeout: 60_000 }, () => play(seed))
