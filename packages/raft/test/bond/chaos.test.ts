import { expect, test } from 'vitest'
import { BondWorld, bytesOf, frames, metric } from './support/world.ts'
import type { TestGroup } from './support/world.ts'

const NAMES = ['one', 'two']

/** Four nodes in two groups under faults by chance, which then end. */
class Chaos {
  readonly world: BondWorld
  readonly ended: TestGroup[] = []
  groups: TestGroup[] = []

  constructor(seed: number) {
    this.world = new BondWorld(`chaos ${seed}`, { idleTimeout: seed % 2 === 0 ? '3.2s' : '30s', loss: (seed % 3) * 0.02 })
  }

  async start(): Promise<void> {
    for (const node of await this.world.network(4)) for (const name of NAMES) this.groups.push(this.world.join(node, name))
  }

  async step(): Promise<void> {
    const { sim, nodes } = this.world
    const pick = <T>(list: readonly T[]): T => list[Math.floor(sim.prng.float() * list.length)] as T
    const [a, b] = [pick(nodes), pick(nodes)]
    switch (Math.floor(sim.prng.float() * 7)) {
      case 0:
        return void sim.breakConnection(a.endpoint, b.endpoint)
      case 1:
        return void (a !== b && sim.partition(a.endpoint, b.endpoint, { oneWay: true }))
      case 2:
        return void sim.partition(a.endpoint)
      case 3:
        sim.pause(a.endpoint)
        await sim.run(sim.prng.float() * 3_000)
        return sim.resume(a.endpoint)
      case 4:
        return sim.heal()
      case 5:
        return this.#rejoin(pick(this.groups))
      default:
        return this.#restart(a.endpoint.id)
    }
  }

  async #rejoin(group: TestGroup): Promise<void> {
    void group.membership.leave()
    await this.world.sim.run(this.world.sim.prng.float() * 500)
    this.#end(group)
    this.groups.push(this.world.join(group.node, NAMES.find((name) => !this.#has(group, name)) as string))
  }

  async #restart(id: string): Promise<void> {
    const { sim, nodes } = this.world
    const at = nodes.findIndex((node) => node.id === id)
    const [node] = nodes.splice(at, 1)
    if (node === undefined) return
    const endpoint = await sim.restart(node.endpoint)
    for (const group of this.groups.filter((one) => one.node === node)) this.#end(group)
    const again = await this.world.nodeOn(endpoint, node.metrics, node.log)
    for (const name of NAMES) this.groups.push(this.world.join(again, name))
  }

  #has({ node }: TestGroup, name: string): boolean {
    return this.groups.some((one) => one.node === node && one.membership.groupId === this.world.idOf(name))
  }

  #end(group: TestGroup): void {
    this.groups = this.groups.filter((one) => one !== group)
    this.ended.push(group)
  }
}

/** Each up is followed by its down, each down by another up; frames come in between. */
function isOrderly({ happened }: TestGroup): boolean {
  const up = new Set<string>()
  return happened.every(({ type, peer }) => {
    const isUp = up.has(peer)
    if (type === 'up') up.add(peer)
    if (type === 'down') up.delete(peer)
    return type === 'up' ? !isUp : isUp
  })
}

test.each(Array.from({ length: Number(process.env['CHAOS_SEEDS'] ?? 8) }, (_, i) => i))(
  'faults come and go, and everyone is bonded again; seed %i',
  { timeout: 60_000 * Number(process.env['TIME_FACTOR'] ?? 1) },
  async (seed) => {
    const chaos = new Chaos(seed)
    await using world = chaos.world
    await chaos.start()
    for (let i = 0; i < 25; i++) {
      await chaos.step()
      await world.sim.run(world.sim.prng.float() * 2_000)
      for (const group of chaos.groups) for (const peer of group.peers) group.membership.send(peer, bytesOf(String(i)))
    }
    world.sim.heal()
    await world.eventually(() => chaos.groups.every(({ peers }) => peers.length === 3), 20_000)
    await world.sim.run('20s')
    for (const group of chaos.groups) {
      expect(group.peers).toHaveLength(3)
      expect(metric(group.node, 'mosaik.groups.proofs.invalid')).toBe(0)
      expect(isOrderly(group)).toBe(true)
      group.happened.length = 0
      for (const peer of group.peers) group.membership.send(peer, bytesOf('done'))
    }
    await world.sim.run('1s')
    for (const group of chaos.groups) expect(frames(group)).toEqual(['control done', 'control done', 'control done'])
    for (const group of chaos.ended) expect(isOrderly(group)).toBe(true)
  },
)
