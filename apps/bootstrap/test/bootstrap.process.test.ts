import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createNetwork, peerIdOf, randomId, secretKey, uniqueId } from '@mosaik/node'
import { afterEach, describe, expect, it, vi } from 'vitest'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
// A process loads all sources before it says anything.
vi.setConfig({ testTimeout: 60_000 * FACTOR })
const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const running: ChildProcessByStdio<null, Readable, Readable>[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** Starts the program and collects its first lines, up to the one that says that it runs. */
async function bootstrap(flags: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  running.push(child)
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line.startsWith('Running')) break
  }
  child.stdout.resume()
  const all = (word: string): string[] => lines.filter((line) => line.startsWith(word)).map((line) => line.split(/\s+/)[1] ?? '')
  return { child, all }
}

describe('mosaik-bootstrap', () => {
  it.each(['/ip4/127.0.0.1/udp/0/quic-v1', '/ip4/127.0.0.1/tcp/0'])(
    'prints who it is and where, introduces peers on %s, and leaves on SIGTERM',
    async (listen) => {
      const name = randomId()
      const { child, all } = await bootstrap(['-n', name, '-s', 'a seed', '-t', 'entry', '--listen', listen, '--metrics', '127.0.0.1:0'])
      expect(all('network')).toEqual([name])
      expect(all('peer')).toEqual([peerIdOf(secretKey('a seed'))])
      const [address = ''] = all('address')
      expect(address).toContain('/127.0.0.1/')

      await using first = await createNetwork(name, { listen: [listen], discovery: { bootstrap: address } })
      await using second = await createNetwork(name, { listen: [listen], discovery: { bootstrap: address } })
      await first.discovery.catalog.until((catalog) => catalog.has(second.local.id) && catalog.size === 2)
      const entry = [...first.discovery.catalog.value].find(({ peerId }) => peerId !== second.local.id)
      expect(entry?.hasTag('entry')).toBe(true)

      const [metrics = ''] = all('metrics')
      expect(await (await fetch(metrics)).text()).toContain('mosaik_discovery_catalog_size')
      expect((await fetch(new URL('/readyz', metrics))).status).toBe(200)

      const begun = performance.now()
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
      expect(performance.now() - begun).toBeLessThan(5_000 * FACTOR)
      await first.discovery.catalog.until((catalog) => catalog.size === 1)
    },
  )

  it('takes its settings from the environment', async () => {
    const { all } = await bootstrap(['--listen', '/ip4/127.0.0.1/udp/0/quic-v1'], {
      MOSAIK_NETWORK_ID: 'shared-name',
      MOSAIK_BOOTSTRAP_SECRET: 'x',
    })
    expect(all('network')).toEqual([uniqueId('shared-name')])
    expect(all('peer')).toEqual([peerIdOf(secretKey('x'))])
  })

  it('tells programs with --json what it tells people without', async () => {
    const name = randomId()
    const flags = ['-n', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--metrics', '0', '--json']
    const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    running.push(child)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value as string) as Record<string, unknown>

    const started = await next()
    expect(started).toMatchObject({
      event: 'started',
      program: 'mosaik-bootstrap',
      network: name,
      metrics: expect.stringMatching(/metrics$/),
    })
    const network = await createNetwork(name, { listen: [], discovery: { bootstrap: started['addresses'] as string[] } })
    expect(await next()).toMatchObject({ event: 'discovered', peer: network.local.id, known: 1 })
    await network.close()
    expect(await next()).toMatchObject({ event: 'departed', peer: network.local.id, known: 0 })
    child.kill('SIGTERM')
    expect(await next()).toMatchObject({ event: 'leaving', reason: 'SIGTERM' })
    expect([(await lines.next()).done, child.exitCode ?? (await once(child, 'exit'))[0]]).toEqual([true, 0])
  })

  it.each(['nonsense', '/non/sense'])('says what is wrong with the address %s and exits with 2', async (address) => {
    const { child } = await bootstrap(['--listen', address])
    let printed = ''
    for await (const chunk of child.stderr) printed += String(chunk)
    expect(printed).toContain(address)
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(2)
  })

  it('leaves when nobody reads its output any more', async () => {
    const child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, '--listen', '/ip4/127.0.0.1/tcp/0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.push(child)
    child.stdout.destroy()
    expect([await text(child.stderr), child.exitCode ?? (await once(child, 'exit'))[0]]).toEqual(['', 0])
  })

  it('says that the address for metrics is taken, and exits with 1', async () => {
    await using taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { child } = await bootstrap(['--listen', '/ip4/127.0.0.1/tcp/0', '--metrics', String((taken.address() as AddressInfo).port)])
    let printed = ''
    for await (const chunk of child.stderr) printed += String(chunk)
    expect(printed).toContain('EADDRINUSE')
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1)
  })

  it('is not impressed by odd requests, nor held up by those that never end', async () => {
    const { child, all } = await bootstrap(['--listen', '/ip4/127.0.0.1/tcp/0', '--metrics', '127.0.0.1:0'])
    const { port } = new URL(all('metrics')[0] ?? '')
    for (const line of ['GET // HTTP/1.1', 'GET http://[ HTTP/1.1', 'GET /metrics?x HTTP/1.1', 'POST /metrics HTTP/1.1', 'nonsense']) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.end(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 (?:200|400|404|405) /)
    }
    const endless = connect(Number(port), '127.0.0.1')
    endless.on('error', () => {})
    endless.write('GET /metrics HTTP/1.1\r\nx')
    const begun = performance.now()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(performance.now() - begun).toBeLessThan(5_000 * FACTOR)
    endless.destroy()
  })
})
