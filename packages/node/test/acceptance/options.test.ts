import { createTicket, generateSecretKey, peerIdOf } from '@mosaik/core'
import type { MosaikError } from '@mosaik/core'
import { issueJwt, jwtValidator } from '@mosaik/core/jwt'
import { createDiscovery } from '@mosaik/discovery'
import { createEndpoint } from '@mosaik/libp2p'
import { createNetwork } from '@mosaik/node'
import { simWorld } from '@mosaik/node/testing'
import { createStreams, defineStream } from '@mosaik/streams'
import { describe, expect, it } from 'vitest'

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const PEER = peerIdOf(generateSecretKey())

/** Per option: values of a wrong type or out of range. Nested options are written with a dot. */
type Table = Readonly<Record<string, readonly unknown[]>>

const numbers = [Number.NaN, Number.POSITIVE_INFINITY, -1, '7', null, {}, true]
const counts = [...numbers, 1.5, 2 ** 53]
const durations = [Number.NaN, Number.POSITIVE_INFINITY, -1, '7', '1h', '-1s', '1 s', '', null, {}, true, []]
const functions = [null, 'x', 1, {}]
const objects = [null, 'x', 1, []]
const addresses = ['nowhere', '', 7, null, {}, '127.0.0.1:80', ['nowhere'], [null]]

const condition: Table = {
  onlineWhen: objects,
  'onlineWhen.minimumOf': counts,
  'onlineWhen.tags': [7, null, {}, [7], ['']],
  'onlineWhen.where': functions,
}
const backoff: Table = {
  backoff: objects,
  'backoff.initial': durations,
  'backoff.max': durations,
  'backoff.factor': [...numbers, 0.5],
  'backoff.jitter': [...numbers, 1.1],
  'backoff.giveUpAfter': durations,
}
const validators: readonly unknown[] = [null, 7, 'x', {}, [{}], [null], { class: 'x' }]
const producing: Table = {
  ...condition,
  require: functions,
  requireTicket: validators,
  bufferSize: [...counts, 0, 2 ** 20 + 1],
  maxConsumers: [...counts, 0],
  lagging: [null, 7, 'block', ['drop']],
  undelivered: functions,
}
const consuming: Table = {
  ...condition,
  ...backoff,
  require: functions,
  requireTicket: validators,
  where: [null, 'x', 7, [], { price: { gt: {} } }, { price: () => 1 }, { price: Symbol('x') }, { price: { in: 7 } }],
  bufferSize: [...counts, 0, 2 ** 20 + 1],
  includeLocal: [null, 1, 'yes'],
}
const finding: Table = {
  bootstrap: addresses,
  tags: [7, null, {}, [7], ['']],
  announceInterval: [...durations, 0],
  announceJitter: [...numbers, 1.1],
  purgeAfter: [...durations, 0],
  maxTimeDrift: durations,
  eventsBacklog: [...counts, 0],
  dht: [null, true, 'private', 7, []],
  'dht.bootstrap': addresses.filter((value) => value !== null),
  'dht.serve': [null, 1, 'yes'],
  'dht.interval': [...durations, 0],
  rttProbeInterval: [...durations, 0],
  maxRtt: durations,
}
const listening: Table = {
  secretKey: [null, 'seed', 7, {}, new Uint8Array(32)],
  listen: [...addresses, '/ip4/127.0.0.1/udp/0', '/ip4/999.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/70000'],
  relay: [null, 'on', true, [], {}, { serve: false }, { servers: [] }, { servers: ['nowhere'] }, { servers: [QUIC] }],
  mdns: [null, 1, 'yes'],
  logger: [null, 'debug', 7, {}, { debug() {} }],
  metrics: [null, true, {}, { text: 1 }],
  signal: [null, 'x', {}],
}

const cases = (table: Table): [string, unknown][] =>
  Object.entries(table).flatMap(([option, values]) => values.map((value): [string, unknown] => [option, value]))

/** `{ a: { b: value } }` for `a.b`; what else a section needs is put beside it. */
function nested(option: string, value: unknown): Record<string, unknown> {
  const [head = '', ...rest] = option.split('.')
  if (rest.length === 0) return { [head]: value }
  return { [head]: { ...(head === 'dht' && { bootstrap: [] }), ...nested(rest.join('.'), value) } }
}

/** Expects every value of the table to be refused by the name of its option. */
async function refuses(table: Table, run: (option: string, value: unknown) => unknown): Promise<void> {
  const faults: string[] = []
  for (const [option, value] of cases(table)) {
    const name = option.split('.').at(-1) as string
    const answer = await answerTo(() => run(option, value))
    // and says more than the name
    if (!new RegExp(`^ERR_INVALID_OPTION: .*\\b${name}\\b`).test(answer) || answer.length < name.length + 30)
      faults.push(`${option} = ${shown(value)}: ${answer}`)
  }
  expect.soft(faults.join('\n')).toBe('')
}

async function answerTo(run: () => unknown): Promise<string> {
  try {
    const made = await run()
    await (made as { close?: () => Promise<void> } | undefined)?.close?.()
    return 'accepted'
  } catch (error) {
    return `${String((error as MosaikError).code)}: ${String((error as Error).message)}`
  }
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'function' ? String(value) : (JSON.stringify(value) ?? String(value))
}

describe('a malformed option is refused by its name, with what came and what is allowed', () => {
  it('produce, consume, and the definitions of streams', async () => {
    await using world = simWorld({ seed: 1 })
    const { streams } = await world.node('x')
    const Ticks = defineStream<number>('ticks')
    await refuses(producing, (option, value) => streams.produce(Ticks, nested(option, value)))
    await refuses(producing, (option, value) => defineStream('x', undefined, { producer: nested(option, value) }))
    await refuses(consuming, (option, value) => streams.consume(Ticks, nested(option, value)))
    await refuses(consuming, (option, value) => defineStream('x', undefined, { consumer: nested(option, value) }))
    const shared: Table = {
      version: [...counts, '1'],
      ...condition,
      require: functions,
      requireTicket: validators,
      producer: objects,
      consumer: objects,
    }
    await refuses(shared, (option, value) => defineStream('x', undefined, nested(option, value)))
    await refuses({ name: ['', 7, null, undefined, {}] }, (_, name) => defineStream(name as string))
    await refuses({ type: [null, 7, 'x', {}, { encode() {} }] }, (_, type) => defineStream('x', type as never))
    const definitions: Table = { definition: [undefined, null, {}, 'ticks', { id: Ticks.id, name: 'ticks' }] }
    await refuses(definitions, (_, definition) => streams.produce(definition as never))
    await refuses(definitions, (_, definition) => streams.consume(definition as never))
    await refuses({ options: objects }, (_, options) => streams.produce(Ticks, options as never))
    await refuses({ options: objects }, (_, options) => streams.consume(Ticks, options as never))
    await streams.produce(Ticks).close() // nothing was left behind
    expect(streams.produce(Ticks).isOnline).toBe(false)
  })

  it('createStreams', async () => {
    await using world = simWorld({ seed: 2 })
    const discovery = await createDiscovery(await world.endpoint('x'))
    await refuses(backoff, (option, value) => createStreams(discovery, nested(option, value)))
    await refuses({ options: objects }, (_, options) => createStreams(discovery, options as never))
    await createStreams(discovery).close()
  })

  it('createDiscovery', async () => {
    await using world = simWorld({ seed: 3 })
    const endpoint = await world.endpoint('x')
    await refuses(finding, (option, value) => createDiscovery(endpoint, nested(option, value)))
    await refuses({ options: objects }, (_, options) => createDiscovery(endpoint, options as never))
    await createDiscovery(endpoint)
  })

  it('createEndpoint', async () => {
    await refuses(listening, (option, value) => createEndpoint('x', { listen: [], ...nested(option, value) }))
    await refuses({ options: objects }, (_, options) => createEndpoint('x', options as never))
    await refuses({ name: ['', 7, null, undefined] }, (_, name) => createEndpoint(name as string, { listen: [] }))
  })

  it('createNetwork, whatever the floor', async () => {
    const table: Table = {
      ...listening,
      zeroConfig: [null, 1, 'yes'],
      discovery: objects,
      streams: objects,
      'discovery.announceJitter': [2],
      'discovery.dht': ['x'],
      'streams.backoff': [null],
    }
    await refuses(table, (option, value) => createNetwork('x', { listen: [], ...nested(option, value) }))
    await refuses({ options: objects }, (_, options) => createNetwork('x', options as never))
    await refuses({ name: ['', 7, null, undefined] }, (_, name) => createNetwork(name as string, { listen: [] }))
    await using network = await createNetwork('x', { listen: [] })
    await refuses({ timeout: durations }, (_, timeout) => network.close({ timeout: timeout as never }))
  })

  it('jwtValidator and issueJwt', async () => {
    const key = { alg: 'HS256', key: 'ab'.repeat(32) } as const
    const demands: Table = {
      keys: [
        undefined,
        [],
        null,
        [null],
        [{}],
        [{ alg: 'none', key: 'ab' }],
        [{ alg: 'HS256', key: 'ab' }],
        [{ alg: 'HS256', key: 'xyz' }],
        [{ alg: 'ES256', key: new Uint8Array(33) }],
      ],
      issuers: [[], [7], [''], null],
      audiences: [[], [7], [''], null],
      subject: [7, '', null],
      claims: objects,
      allowNonExpiring: [1, 'yes', null],
      maxLifetime: durations,
      maxAge: durations,
      leeway: [...durations, '11m'],
    }
    await refuses(demands, (option, value) => jwtValidator({ keys: [key], ...nested(option, value) }))
    const wishes: Table = {
      key: [undefined, null, {}, { alg: 'RS256', key: 'ab' }],
      peer: [undefined, null, 7, 'peer', PEER.slice(1)],
      issuer: [7, '', null],
      audience: [7, '', null],
      subject: [7, '', null, 'somebody else'],
      expiresIn: durations,
      expiresAt: [Number.NaN, -1, 'tomorrow', null],
      issuedAt: [Number.NaN, -1, 'today', null],
      notBefore: [Number.NaN, -1, 'today', null],
      tokenId: [7, '', null],
      claims: objects,
    }
    await refuses(wishes, (option, value) => issueJwt({ key, peer: PEER, ...nested(option, value) }))
  })

  it('createTicket', async () => {
    await refuses({ class: ['', 7, null, undefined] }, (_, cls) => createTicket(cls as string, 'x'))
    await refuses({ data: [7, null, undefined, {}, [1]] }, (_, data) => createTicket('x', data as string))
  })
})
