/**
 * The first minute with Mosaik: a bootstrap process, three producers and three consumers, each a process of its own on
 * loopback QUIC. They find each other, stream, lose a producer to SIGKILL, take in a new one, and every count adds up.
 *
 * `--keep` leaves it running until Ctrl+C.
 */
import { startBootstrap } from './bootstrap.ts'
import { startNode } from './process.ts'
import type { NodeProcess, Role } from './process.ts'
import { rowsOf } from './summary.ts'
import { createView, summaryLines } from './view.ts'

/** Generous: a step takes about a second on an idle machine. */
const STEP_WITHIN_MS = 25_000
const ENOUGH = 200

const keep = process.argv.includes('--keep')
const view = createView(process.stdout)
const nodes: NodeProcess[] = []
const waiting = new Set<() => void>()

const onChange = (): void => {
  view.show(nodes)
  for (const check of [...waiting]) check()
}

const start = (role: Role, name: string): NodeProcess => {
  const node = startNode(role, name, bootstrap.address, onChange)
  nodes.push(node)
  return node
}

/** Resolves with the milliseconds it took until `reached`; rejects with what was waited for. */
function until(what: string, reached: () => boolean): Promise<number> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      clearTimeout(timer)
      waiting.delete(check)
      settle()
    }
    const check = (): void => {
      const failed = nodes.find(({ state }) => state === 'failed')
      if (failed !== undefined) done(() => reject(new Error(`${failed.name} ended by itself while waiting for: ${what}`)))
      else if (reached()) done(() => resolve(Math.round(performance.now() - begun)))
    }
    const timer = setTimeout(() => done(() => reject(new Error(`waited ${STEP_WITHIN_MS / 1000} s for: ${what}`))), STEP_WITHIN_MS)
    waiting.add(check)
    check()
  })
}

const consumers = (): NodeProcess[] => nodes.filter(({ role }) => role === 'consumer')
const eachHas = (producers: number) => (): boolean => consumers().every(({ status }) => status.connected === producers)
const receivedFrom = (consumer: NodeProcess, name: string): number => consumer.status.received.find(({ peerId }) => peerId === name)?.datums ?? 0
const eachReceived = (names: readonly string[]) => (): boolean =>
  consumers().every((consumer) => names.every((name) => receivedFrom(consumer, name) >= ENOUGH))

const bootstrap = await startBootstrap('mosaik-demo')
view.say(`bootstrap (pid ${bootstrap.pid}) listens at ${bootstrap.address}`)

async function story(): Promise<boolean> {
  for (const n of [1, 2, 3]) start('producer', `producer-${n}`)
  for (const n of [1, 2, 3]) start('consumer', `consumer-${n}`)
  view.say('started 3 producers and 3 consumers with the network name and that one address')
  view.say(`all 9 channels are up after ${await until('every consumer to find 3 producers', eachHas(3))} ms`)
  await until(`${ENOUGH} items on each channel`, eachReceived(['producer-1', 'producer-2', 'producer-3']))

  const victim = nodes.find(({ name }) => name === 'producer-2')
  await victim?.kill()
  view.say(`killed producer-2 (pid ${victim?.pid}) with SIGKILL: no goodbye`)
  view.say(`every consumer noticed after ${await until('every consumer to drop producer-2', eachHas(2))} ms; the others kept streaming`)

  start('producer', 'producer-4')
  view.say(`producer-4 started; every consumer streams from it after ${await until('every consumer to find producer-4', eachHas(3))} ms`)
  await until(`${ENOUGH} items from producer-4`, eachReceived(['producer-4']))
  if (keep) {
    view.say('running; Ctrl+C ends it')
    await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
  }
  return finish()
}

async function finish(): Promise<boolean> {
  view.say('stopping: producers deliver what they sent, then say goodbye')
  await Promise.all(nodes.filter(({ role }) => role === 'producer').map((node) => node.leave()))
  await Promise.all(consumers().map((node) => node.leave()))
  await bootstrap.leave()
  view.end()
  const rows = rowsOf(nodes)
  for (const line of summaryLines(rows)) process.stdout.write(`${line}\n`)
  const total = rows.reduce((sum, { received }) => sum + received, 0)
  const right = rows.every((row) => row.right)
  process.stdout.write(`${total} items on ${rows.length} channels: ${right ? 'nothing lost, nothing repeated' : 'THE COUNTS DO NOT ADD UP'}\n`)
  return right
}

async function cleanUp(): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()))
  await bootstrap.leave()
}

try {
  process.exitCode = (await story()) ? 0 : 1
} catch (error) {
  view.end()
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
  await cleanUp()
}
