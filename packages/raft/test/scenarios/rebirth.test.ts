import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import type { LogStore } from '../../src/storage/types.ts'
import { readStoredState } from '../../src/testing/stored.ts'
import { GroupWorld } from '../group/world.ts'

/** Small, so that the lost history has snapshots too. */
const retention = { entries: 4 }
const ROUNDS_MS = Array.from({ length: 14 }, (_, i) => 8 * i)

it.each(ROUNDS_MS)('who comes back as a new member and loses power %d ms later is never taken for the one it was', async (ms) => {
  await using world = new GroupWorld(`rebirth ${ms}`)
  const disk = world.sim.disk('disk')
  const storage = (): LogStore => fileLog('/log', { disk: disk.mount({ clock: world.sim.clock, latency: { min: 1, max: 15 } }) })
  const voters = await world.voters(3, { retention })
  const lines = Array.from({ length: 60 }, (_, i) => `kept ${i}`)
  for (const line of lines) await world.run(voters[0]!.group.execute(line))
  const meet = world.sim.partition(voters.map(({ endpoint }) => endpoint))
  const stranger = await world.node({ storage: storage(), retention })
  await world.run(stranger.group.when.online())
  for (let i = 0; i < 20; i++) await world.run(stranger.group.execute(`lost ${i}`))
  const { incarnation } = stranger.group.members.value[0]!
  meet()
  await world.run(world.until(() => stranger.told.some(({ type }) => type === 'superseded'), 'the stranger yields'))
  await world.run(world.pass(ms))
  world.crash(stranger)
  disk.cutPower()

  const store = storage()
  await world.run(store.open({ owner: stranger.id }))
  const isOld = readStoredState(store.hardState!).incarnation === incarnation
  // With its old name it has all that it has acknowledged; with a new one, nothing of it.
  if (isOld) expect(store.last.index).toBeGreaterThanOrEqual(20)
  await world.run(store.close())

  await world.restart(stranger, { storage: storage(), retention })
  expect(await world.sameState(world.nodes)).toEqual(lines)
  const [own] = stranger.group.members.value.filter(({ peerId }) => peerId === stranger.id)
  expect(own?.incarnation).not.toBe(incarnation)
  expect(stranger.group.lineage).toBe(voters[0]!.group.lineage)
})
