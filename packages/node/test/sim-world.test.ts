import { expect, it } from 'vitest'
import { defineStream, MosaikError, networkOn } from '../src/index.ts'
import { simWorld } from '../src/testing/index.ts'

const Ticks = defineStream<number>('ticks')

async function history(seed: number): Promise<string> {
  await using world = simWorld({ seed })
  const hub = await world.node('my-app')
  const bootstrap = hub.local.addresses
  const a = await world.node('my-app', { discovery: { bootstrap } })
  const b = await world.node('my-app', { discovery: { bootstrap, tags: 'reader' } })
  const producer = a.streams.produce(Ticks, { onlineWhen: { tags: 'reader' } })
  const consumer = b.streams.consume(Ticks)

  await world.run(producer.send(1))
  expect(await world.run(consumer.receive())).toBe(1)
  world.partition(b)
  await world.run(producer.when.offline())
  expect(producer.trySend(2)).toMatchObject({ ok: false, reason: 'offline' })
  world.heal()
  await world.run(producer.send(3))
  expect(await world.run(consumer.receive())).toBe(3)

  await world.run(Promise.all([a.close(), hub.close()]))
  await world.run(b.discovery.catalog.until((catalog) => catalog.size === 0))
  await world.run(b.close())
  return world.trace.hash
}

it('runs whole nodes through a partition, and the same seed tells the same story', async () => {
  expect(await history(7)).toBe(await history(7))
  expect(await history(8)).not.toBe(await history(7))
})

it('crashes a node and starts it again as the same peer', async () => {
  await using world = simWorld({ seed: 1 })
  const a = await world.node('my-app')
  const b = await world.node('my-app', { discovery: { bootstrap: a.local.addresses, tags: 'again' } })
  await world.run(a.discovery.catalog.until((catalog) => catalog.has(b.local.id)))
  const before = a.discovery.catalog.value.get(b.local.id)?.startedAt ?? 0
  world.crash(b)
  await world.run('5s')
  const again = await world.restart(b)
  expect(again.local.id).toBe(b.local.id)
  await world.run(a.discovery.catalog.until((catalog) => (catalog.get(again.local.id)?.startedAt ?? 0) > before))
  expect(a.discovery.catalog.value.get(again.local.id)?.hasTag('again')).toBe(true)
})

it('keeps networks of other names apart', async () => {
  await using world = simWorld({ seed: 2 })
  const a = await world.node('one')
  const b = await world.node('two')
  const refused = await world.run(a.discovery.syncWith(b.local.addresses[0] ?? '').catch((error: unknown) => error))
  expect(MosaikError.is(refused, 'ERR_DIFFERENT_NETWORK')).toBe(true)
})

it('a start that is cut short between its floors leaves the endpoint as it was', async () => {
  await using world = simWorld({ seed: 9 })
  const endpoint = await world.endpoint('my-app')
  const cut = new AbortController()
  const starting = networkOn(endpoint, { signal: cut.signal })
  const reason = new Error('changed my mind')
  cut.abort(reason)
  await expect(world.run(starting)).rejects.toBe(reason)
  await world.run((await networkOn(endpoint)).close())
})
