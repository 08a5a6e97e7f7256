import type { ByteStream, Endpoint } from '@mosaik/core'
import { simWorld } from '@mosaik/core/testing'
import type { SimWorld, SimWorldOptions } from '@mosaik/core/testing'

export const TALK = '/test/talk/1.0'

export const addressOf = (endpoint: Endpoint): string => endpoint.addresses[0] as string

export const within = async (options: Partial<SimWorldOptions>, program: (world: SimWorld) => Promise<void>): Promise<void> => {
  await using world = simWorld({ seed: 'world test', ...options })
  await world.run(() => program(world))
}

export async function streamBetween(a: Endpoint, b: Endpoint): Promise<[ByteStream, ByteStream]> {
  const accepted = Promise.withResolvers<ByteStream>()
  b.handle(TALK, accepted.resolve)
  const near = await a.open(addressOf(b), TALK)
  b.unhandle(TALK)
  return [near, await accepted.promise]
}

export async function pairOf(world: SimWorld): Promise<[Endpoint, Endpoint]> {
  const [a, b] = [await world.endpoint('net'), await world.endpoint('net')]
  await a.connect(addressOf(b))
  await b.connections.until((peers) => peers.has(a.id))
  return [a, b]
}

export const gone = (endpoint: Endpoint, other: Endpoint): Promise<unknown> => endpoint.connections.until((peers) => !peers.has(other.id))

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
