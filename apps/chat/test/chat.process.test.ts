import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { randomId } from '@mosaik/node'
import { afterEach, expect, it, vi } from 'vitest'
import { GONE_AFTER_MS } from '../src/presence.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
vi.setConfig({ testTimeout: 90_000 * FACTOR })
const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const running: ChildProcessByStdio<Writable, Readable, null>[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

type Event = Readonly<Record<string, unknown>> & { readonly event: string }

/** A person at a terminal of its own, whose program tells events. */
function person(name: string, network: string, peers: readonly string[]) {
  const flags = [
    '--room',
    'kitchen',
    '--name',
    name,
    '-n',
    network,
    '--no-mdns',
    '--listen',
    '/ip4/127.0.0.1/udp/0/quic-v1',
    '--json',
    '-q',
  ]
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, ...flags, ...peers.flatMap((peer) => ['-p', peer])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running.push(child)
  const exited = once(child, 'exit')
  const events: Event[] = []
  const waiting = new Set<() => void>()
  const lines = createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as Event)
    for (const look of waiting) look()
  })
  const told = (event: string, fields: Record<string, unknown> = {}): Promise<Event> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((one) => one.event === event && Object.entries(fields).every(([key, value]) => one[key] === value))
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      lines.once('close', () => reject(new Error(`${name} ended without ${event} ${JSON.stringify(fields)}`)))
      look()
    })
  return { child, events, exited, told, type: (line: string) => child.stdin.write(`${line}\n`) }
}

type Person = ReturnType<typeof person>

/**
 * Others take off their list who has not said it himself, but not before `GONE_AFTER_MS` after his end: a time that no slow machine makes
 * shorter.
 */
async function leavesByHimself(name: string, one: Person, others: readonly Person[], ask: () => unknown): Promise<void> {
  const ended = one.exited.then((exit) => ({ exit, at: performance.now() }))
  ask()
  await Promise.all(others.map(({ told }) => told('left', { name })))
  const leftAt = performance.now()
  const { exit, at } = await ended
  expect(exit).toEqual([0, null])
  expect(leftAt - at).toBeLessThan(GONE_AFTER_MS)
}

const addressesOf = async ({ told }: ReturnType<typeof person>): Promise<readonly string[]> =>
  (await told('started'))['addresses'] as readonly string[]

it('lets people talk, shows the history to who comes late, and forgets who leaves and who is killed', async () => {
  const network = randomId()
  const ann = person('ann', network, [])
  const peers = await addressesOf(ann)
  const bob = person('bob', network, peers)
  ann.type('hello 👋')
  await bob.told('message', { name: 'ann', text: 'hello 👋' })
  bob.type('hi')
  await ann.told('message', { name: 'bob', text: 'hi', history: false })

  const eve = person('eve', network, peers)
  await eve.told('ready')
  expect(eve.events.filter(({ event }) => event === 'message')).toMatchObject([
    { text: 'hello 👋', history: true },
    { text: 'hi', history: true },
  ])
  await Promise.all([ann, bob].map(({ told }) => told('joined', { name: 'eve' })))

  // What is piped into a program is said before it leaves.
  const said = Array.from({ length: 50 }, (_, n) => `line ${n}`)
  const dan = person('dan', network, peers)
  dan.child.stdin.end(`${said.join('\n')}\n`)
  expect(await dan.exited).toEqual([0, null])
  await eve.told('message', { text: said.at(-1) })
  expect(eve.events.flatMap(({ event, name, text }) => (event === 'message' && name === 'dan' ? [text] : []))).toEqual(said)

  await leavesByHimself('bob', bob, [ann, eve], () => bob.type('/quit'))

  ann.child.kill('SIGKILL')
  await eve.told('left', { name: 'ann' })
  eve.type('alone')
  await eve.told('message', { name: 'eve', text: 'alone' })
  eve.type('/who')
  expect((await eve.told('who'))['people']).toMatchObject([{ name: 'eve' }])

  eve.child.kill('SIGTERM')
  expect(await eve.exited).toEqual([0, null])
})

it('leaves at once when it is asked to, though much of its input is still to be said', async () => {
  const network = randomId()
  const ann = person('ann', network, [])
  const bob = person('bob', network, await addressesOf(ann))
  await Promise.all([ann.told('joined', { name: 'bob' }), bob.told('joined', { name: 'ann' })])
  bob.child.stdin.on('error', () => {}) // it does not read all of it
  bob.child.stdin.write(Array.from({ length: 50_000 }, (_, n) => `${n}\n`).join(''))
  await ann.told('message', { name: 'bob' })

  await leavesByHimself('bob', bob, [ann], () => bob.child.kill('SIGTERM'))
})

it('takes himself off the list of all others when he is asked to end', async () => {
  const network = randomId()
  const ann = person('ann', network, [])
  const peers = await addressesOf(ann)
  const people = [ann, person('bob', network, peers), person('eve', network, peers)]
  await Promise.all(people.flatMap(({ told }) => ['ann', 'bob', 'eve'].map((name) => told('joined', { name }))))
  // The first leads, most likely: then the others have to find another leader, too.
  const [first, ...others] = people
  await leavesByHimself('ann', first!, others, () => first!.child.kill('SIGTERM'))
})
