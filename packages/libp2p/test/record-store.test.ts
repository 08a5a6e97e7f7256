import { expect, test } from 'vitest'
import { createRecordStore } from '../src/rendezvous/record-store.ts'
import type { Datastore } from '../src/rendezvous/record-store.ts'

type Key = Parameters<Datastore['get']>[0]
const key = (text: string): Key => ({ toString: () => text }) as Key
const bytes = (length: number): Uint8Array => new Uint8Array(length)

function store(): { store: Datastore; tick: (ms: number) => void } {
  let now = 0
  return { store: createRecordStore({ validity: 1000, records: 4, perProvider: 2, valueBytes: 8 }, () => now), tick: (ms) => (now += ms) }
}

async function names(from: Datastore, prefix: string): Promise<string[]> {
  const found: string[] = []
  for await (const { key: name } of from.query({ prefix })) found.push(name.toString())
  return found
}

test('records are found by key and prefix, and gone when deleted', async () => {
  const { store: records } = store()
  await records.put(key('/t/a/1'), bytes(1))
  await records.put(key('/t/b/1'), bytes(2))
  expect(await records.get(key('/t/a/1'))).toEqual(bytes(1))
  expect(await names(records, '/t/a')).toEqual(['/t/a/1'])
  await records.delete(key('/t/a/1'))
  expect(await records.has(key('/t/a/1'))).toBe(false)
  await expect((async () => records.get(key('/t/a/1')))()).rejects.toMatchObject({ name: 'NotFoundError' })
})

test('a record lives for its validity from the last time it was put', async () => {
  const { store: records, tick } = store()
  await records.put(key('/t/a/1'), bytes(1))
  tick(900)
  await records.put(key('/t/a/1'), bytes(1))
  tick(900)
  expect(await names(records, '/t')).toEqual(['/t/a/1'])
  tick(100)
  expect(await names(records, '/t')).toEqual([])
  expect(await records.has(key('/t/a/1'))).toBe(false)
})

test('a provider that talks too much pushes out itself, a crowd pushes out the oldest', async () => {
  const { store: records } = store()
  for (const name of ['/t/a/loud', '/t/b/quiet', '/t/b/loud', '/t/c/loud']) await records.put(key(name), bytes(1))
  expect(await names(records, '/t')).toEqual(['/t/b/quiet', '/t/b/loud', '/t/c/loud'])
  for (const name of ['/t/a/x', '/t/a/y']) await records.put(key(name), bytes(1))
  expect(await names(records, '/t')).toEqual(['/t/b/loud', '/t/c/loud', '/t/a/x', '/t/a/y'])
  await expect((async () => records.put(key('/t/a/z'), bytes(9)))()).rejects.toThrow(RangeError)
})
