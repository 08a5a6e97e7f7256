import { createMetrics, createTicket, uniqueId } from '@mosaik/core'
import type { Clock, Endpoint, TicketValidator } from '@mosaik/core'
import type { Discovery } from '@mosaik/discovery'
import { expect, test } from 'vitest'
import { createBonds } from '../../src/bond/bonds.ts'
import { BondWorld } from './support/world.ts'
import type { Node } from './support/world.ts'

/** Valid for an hour, so that every bond has a timer for the end of it. */
const HourPass: TicketValidator = {
  class: uniqueId('pass'),
  signature: uniqueId('pass, an hour'),
  validate: (_data, { now }) => now + 3_600_000,
}

function overlaid<T extends object>(real: T, over: Partial<T>): T {
  return new Proxy(real, {
    get(target, key) {
      if (key in over) return over[key as keyof T]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** A node the timers of whose bonds can be counted. */
async function counted(world: BondWorld): Promise<{ readonly node: Node; readonly timers: () => number; readonly gauges: () => string[] }> {
  const metrics = createMetrics()
  const real = await world.sim.endpoint('bonds', { metrics })
  const plain = await world.nodeOn(real, metrics, [])
  await world.sim.run(plain.bonds.close())
  const open = new Set<object>()
  const clock: Clock = overlaid(real.clock, {
    after: (ms, task) => {
      const timer = {}
      open.add(timer)
      const cancel = real.clock.after(ms, () => {
        open.delete(timer)
        task()
      })
      return () => {
        open.delete(timer)
        cancel()
      }
    },
  })
  const endpoint: Endpoint = overlaid(real, { clock })
  const discovery: Discovery = overlaid(plain.discovery, { endpoint })
  const node = { ...plain, endpoint: real, discovery: plain.discovery, bonds: createBonds(discovery) }
  world.nodes.splice(world.nodes.indexOf(plain), 1, node)
  const gauges = (): string[] =>
    metrics
      .text()
      .split('\n')
      .filter((line) => /^mosaik_groups_bonds_(active|groups)\{/.test(line) && !line.endsWith(' 0'))
  return { node, timers: () => open.size, gauges }
}

test('bonds that come and go leave no timers, handlers or gauges behind', async () => {
  await using world = new BondWorld('leaks')
  const [a, b] = [await counted(world), await counted(world)]
  for (const { node } of [a, b]) node.discovery.addTicket(createTicket('pass', 'x'))
  await world.network(2)
  for (let round = 0; round < 3; round++) {
    const groups = [a, b].flatMap(({ node }) => ['g', 'h'].map((name) => world.join(node, name, { validators: [HourPass] })))
    await world.sim.run(Promise.all(groups.map(({ membership }) => membership.bonds.until(({ length }) => length === 1))))
    expect(a.timers()).toBeGreaterThan(2)
    world.sim.breakConnection(a.node.endpoint, b.node.endpoint)
    await world.sim.run('1s')
    await world.sim.run(Promise.all(groups.map(({ membership }) => membership.leave())))
    await world.sim.run('2s')
    expect([a.timers(), b.timers()]).toEqual([0, 0])
    expect([...a.gauges(), ...b.gauges()]).toEqual([])
  }
  world.join(a.node, 'g')
  world.join(b.node, 'g')
  await world.sim.run('3s')
  await world.sim.run(Promise.all([a.node.bonds.close(), b.node.bonds.close()]))
  await world.sim.run('2s')
  expect([a.timers(), b.timers()]).toEqual([0, 0])
  expect([...a.gauges(), ...b.gauges()]).toEqual([])
})
