import assert from 'node:assert/strict'
import { MosaikError } from '../../check/error.ts'
import type { Endpoint, ByteStream } from '../../net/endpoint.ts'
import { splitAddress } from '../../net/address.ts'
import type { PeerId } from '../../id/types.ts'
import { record, type Recorder } from './recorder.ts'
import type { EndpointBuilder, EndpointCase, Rig } from './types.ts'

export const ECHO = '/mosaik/suite/echo/1.0'

/** Runs one case in the builder's world and closes what it made, also after a failure. */
export async function runCase(testCase: EndpointCase, builder: EndpointBuilder, timeFactor: number): Promise<void> {
  const made: Endpoint[] = []
  const rig = createRig(testCase.name, builder, timeFactor, made)
  const program = async (): Promise<void> => {
    try {
      await testCase.run(rig)
    } finally {
      await rig.wait(Promise.all(made.map((endpoint) => endpoint.close())), 'every endpoint to close', 8000)
    }
  }
  try {
    await (builder.run === undefined ? program() : builder.run(program))
  } finally {
    await builder[Symbol.asyncDispose]?.()
  }
}

function createRig(name: string, builder: EndpointBuilder, timeFactor: number, made: Endpoint[]): Rig {
  const { clock } = builder
  const rig: Rig = {
    clock,
    create: async ({ network = `endpoint suite: ${name}`, ...options } = {}) => {
      const endpoint = await builder.create(network, options)
      made.push(endpoint)
      return endpoint
    },
    wait: (promise, what, ms = 5000) =>
      new Promise((resolve, reject) => {
        const cancel = clock.after(ms * timeFactor, () => reject(new Error(`waited ${ms * timeFactor} ms in vain for ${what}`)))
        promise.then(resolve, reject).finally(cancel)
      }),
    quiet: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    kill: async (endpoint) => {
      made.splice(made.indexOf(endpoint), 1)
      await builder.kill?.(endpoint)
    },
  }
  return rig
}

/** The address of `endpoint` that the suite dials. */
export function addressOf(endpoint: Endpoint): string {
  const address = endpoint.addresses[0]
  assert.ok(address !== undefined, 'the endpoint has no address')
  return address
}

/** The same without `/p2p/<id>`. */
export const plainAddressOf = (endpoint: Endpoint): string => splitAddress(addressOf(endpoint)).address

/** Sends back what comes, ends when the other side ends. */
export function serveEcho(endpoint: Endpoint): void {
  endpoint.handle(ECHO, (stream) => {
    stream.attach({
      onData: (chunk) => {
        if (!stream.send(chunk)) stream.pause()
      },
      onDrain: () => stream.resume(),
      onEnd: () => stream.end(),
      onClose: () => undefined,
    })
  })
}

/** Says `text` to an echo server on a new stream and asserts that it comes back, with clean ends. */
export async function assertEcho(rig: Rig, from: Endpoint, to: string, text: string): Promise<void> {
  const stream = await rig.wait(from.open(to, ECHO), `an echo stream to ${to}`)
  const recorder = record(stream)
  stream.send(new TextEncoder().encode(text))
  stream.end()
  await rig.wait(
    recorder.until((seen) => seen.closed !== undefined),
    'the echo and the end',
  )
  assert.equal(recorder.text(), text)
  assert.equal(recorder.ended, true, 'the end was not seen')
  assert.equal(recorder.closed?.error, undefined)
}

/** A stream from a new `a` to a new `b`, both ends recorded unless `attachB` is false. */
export interface Conversation {
  readonly a: Endpoint
  readonly b: Endpoint
  readonly near: ByteStream
  readonly far: ByteStream
}

/** Opens a stream from a new endpoint to another, and hands out both ends, not yet attached. */
export async function converse(rig: Rig, protocol = '/mosaik/suite/talk/1.0'): Promise<Conversation> {
  const [a, b] = [await rig.create(), await rig.create()]
  const [near, far] = await openBoth(rig, a, b, protocol)
  return { a, b, near, far }
}

/** Opens a stream from `a` to `b` and hands out both ends; `b` must not serve `protocol` yet. */
export async function openBoth(rig: Rig, a: Endpoint, b: Endpoint, protocol: string): Promise<[ByteStream, ByteStream]> {
  const accepted = Promise.withResolvers<ByteStream>()
  b.handle(protocol, accepted.resolve)
  const near = await rig.wait(a.open(addressOf(b), protocol), 'the stream')
  const far = await rig.wait(accepted.promise, 'the accepting side')
  b.unhandle(protocol)
  return [near, far]
}

export const closedOf = (recorder: Recorder): Promise<void> => recorder.until((seen) => seen.closed !== undefined)

/** Asserts that `promise` rejects with a MosaikError of one of `codes` within `ms`, and answers it. */
export async function assertCode(
  rig: Rig,
  promise: Promise<unknown>,
  codes: string | readonly string[],
  ms?: number,
): Promise<MosaikError> {
  const list = typeof codes === 'string' ? [codes] : codes
  const outcome = promise.then(
    () => assert.fail(`fulfilled instead of rejecting with ${list.join(' or ')}`),
    (error: unknown) => error,
  )
  const error = await rig.wait(outcome, `a rejection with ${list.join(' or ')}`, ms)
  assert.ok(MosaikError.is(error), `not a MosaikError: ${String(error)}`)
  assert.ok(list.includes(error.code), `${error.code} instead of ${list.join(' or ')}: ${error.message}`)
  return error
}

export const isConnected = (endpoint: Endpoint, peer: PeerId): Promise<unknown> => endpoint.connections.until((peers) => peers.has(peer))
export const isGone = (endpoint: Endpoint, peer: PeerId): Promise<unknown> => endpoint.connections.until((peers) => !peers.has(peer))
