import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'

const factor = Number(process.env['TIME_FACTOR'] ?? 1)

/** Runs a program in a process of its own; it has to end by itself. */
async function run(program: string): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', '--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, DEBUG: '' },
    timeout: 18_000 * factor,
    killSignal: 'SIGKILL',
  })
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ])
  return { code, output, errors }
}

const QUIC = '/ip4/127.0.0.1/udp/0/quic-v1'
const begin = `
  import { createNetwork, defineStream } from '@mosaik/node'
  const start = (bootstrap = []) => createNetwork('exit', { listen: ['${QUIC}', '/ip4/127.0.0.1/tcp/0'], discovery: { bootstrap } })
  const Ticks = defineStream('ticks')
`

it('a program ends by itself when its networks are closed, and prints nothing of its own accord', async () => {
  const { code, output, errors } = await run(`${begin}
    {
      await using a = await start()
      await using b = await start(a.local.addresses)
      const consumer = b.streams.consume(Ticks)
      const producer = a.streams.produce(Ticks)
      for (let n = 0; n < 100; n += 1) await producer.send(n)
      for await (const n of consumer) if (n === 99) break
      void a.local.online().catch(() => {})
    }
    console.log(Date.now())
  `)
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(Date.now() - Number(output)).toBeLessThan(900 * factor) // nothing lingers
})

it('what was sent just before the end of a program arrives', async () => {
  const { code, output, errors } = await run(`${begin}
    const a = await start()
    const b = await start(a.local.addresses)
    const consumer = b.streams.consume(Ticks)
    const producer = a.streams.produce(Ticks)
    await producer.when.subscribed()
    const channel = consumer.producers[0]
    for (let n = 0; n < 1000; n += 1) await producer.send(n)
    await a.close()
    let sum = 0
    for (let n = 0; n < 1000; n += 1) sum += await consumer.receive()
    console.log(sum, (await channel.closed).code, b.discovery.catalog.value.size)
    await b.close()
  `)
  expect({ code, output, errors }).toEqual({ code: 0, output: '499500 204 0\n', errors: '' })
})

it('a secret key is not printed, whatever prints it', async () => {
  const { output } = await run(`
    import { secretKey, seedOf } from '@mosaik/core'
    import { inspect } from 'node:util'
    const key = secretKey('ab'.repeat(32))
    console.log(key, [key], { key }, String(key), JSON.stringify({ key }), inspect(key, { showHidden: true, depth: 9, customInspect: false }), Object.entries(key), Reflect.ownKeys(key))
    console.log('%o %O %s %j %d', key, key, key, key, key)
    try { console.log(structuredClone(key)) } catch (error) { console.log(error.name) }
    console.table([key])
    try { throw Object.assign(new Error('with a key'), { key, seed: undefined }) } catch (error) { console.log(error) }
    console.log(seedOf(key).length)
  `)
  expect(output).toContain('32')
  expect(output.replaceAll(/[^0-9a-f]/gi, '')).not.toMatch(/(?:ab){4}/i)
  expect(output).not.toMatch(/171[, ]+171/)
})
