/**
 * The first minute with Mosaik: a bootstrap process, three producers and three consumers, each a process of its own on
 * loopback QUIC. They find each other, stream, lose a producer to SIGKILL, take in a new one, and every count adds up.
 *
 * `--keep` leaves it running until Ctrl+C.
 */
import { startBootstrap } from './bootstrap.ts'
import { compileOnce } from './child.ts'
import { startNode } from './process.ts'
import type { NodeProcess, Role } from './process.ts'
import { receivedFrom, rowsOf, summaryLines } from './summary.ts'
import { createView } from './view.ts'

/** Generous: on an idle machine the story takes ten seconds. */
const STORY_WITHIN_MS = 50_000
const ENOUGH = 200

const keep = process.argv.includes('--keep')
const view = createView(process.stdout)
const nodes: NodeProcess[] = []
const waiting = new Set<() => void>()
let interrupted = false

const onChange = (): void => {
  view.show(nodes)
  for (const check of [...waiting]) check()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted) void endAll().finally(() => process.exit(1)) // the second time: at once
    interrupted = true
    onChange()
  })
}

view.say('starting a bootstrap process')
const compiled = compileOnce()
const bootstrap = await startBootstrap('mosaik-demo', onChange)
await compiled

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
    const fail = (why: string): void => done(() => reject(new Error(`${why} while waiting for ${what}`)))
    const check = (): void => {
      const failed = nodes.find(({ state }) => state === 'failed')?.name ?? (bootstrap.hasEnded ? 'the bootstrap process' : undefined)
      if (reached()) done(() => resolve(Math.round(performance.now() - begun)))
      else if (failed !== undefined) fail(`${failed} ended by itself`)
      else if (interrupted) fail('interrupted')
    }
    const timer = setTimeout(() => fail(`${STORY_WITHIN_MS / 1000} s are over`), STORY_WITHIN_MS - performance.now())
    waiting.add(check)
    check()
  })
}

const consumers = (): NodeProcess[] => nodes.filter(({ role }) => role === 'consumer')
const eachHas = (producers: number) => (): boolean => consumers().every(({ status }) => status.connected === producers)
const eachReceived = (names: readonly string[]) => (): boolean =>
  consumers().every((consumer) => names.every((name) => (receivedFrom(consumer, name)?.datums ?? 0) >= ENOUGH))

async function story(): Promise<boolean> {
  view.say(`bootstrap (pid ${bootstrap.pid}) listens at ${bootstrap.address}`)
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
  if (keep) await goOn()
  return finish()
}

/** Until Ctrl+C, whatever happens to the nodes meanwhile. */
async function goOn(): Promise<void> {
  view.say('running; Ctrl+C ends it')
  const { promise, resolve } = Promise.withResolvers<void>()
  const check = (): void => void (interrupted && resolve())
  waiting.add(check)
  check()
  await promise
  waiting.delete(check)
  interrupted = false
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
  process.stdout.write(
    `\n${total} items on ${rows.length} channels: ${right ? 'nothing lost, nothing repeated' : 'THE COUNTS DO NOT ADD UP'}\n`,
  )
  return right
}

async function endAll(): Promise<void> {
  await Promise.all([...nodes.map((node) => node.kill()), bootstrap.leave()])
}

try {
  process.exitCode = (await story()) ? 0 : 1
} catch (error) {
  view.end()
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
  await endAll()
}
