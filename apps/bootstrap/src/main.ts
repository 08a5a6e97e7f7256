#!/usr/bin/env node
/** The program: starts a node, prints how to reach it, runs until SIGINT or SIGTERM, and leaves gracefully within 5 s. */
import { networkInterfaces } from 'node:os'
import { createMetrics, createNetwork, randomId, secretKey } from '@mosaik/node'
import type { Metrics, Network } from '@mosaik/node'
import { serveHealth } from './health.ts'
import { createLog } from './log.ts'
import { parseOptions } from './options.ts'
import type { BootstrapOptions } from './options.ts'

const LEAVE_WITHIN_MS = 4_000

async function run(options: BootstrapOptions): Promise<void> {
  const name = options.networkId ?? randomId()
  const metrics = createMetrics()
  const network = await createNetwork(name, {
    ...(options.secret !== undefined && { secretKey: secretKey(options.secret) }),
    listen: options.listen.length > 0 ? options.listen : defaultListen(),
    relay: options.relay ? { serve: true } : 'off',
    discovery: { bootstrap: options.peers, tags: options.tags, dht: { bootstrap: options.peers, serve: true } },
    logger: createLog(options),
    metrics,
  })
  try {
    await serve(network, metrics, options)
  } finally {
    await network.close({ timeout: LEAVE_WITHIN_MS })
  }
}

/** Until it is asked to stop. */
async function serve(network: Network, metrics: Metrics, options: BootstrapOptions): Promise<void> {
  const asked = untilAskedToStop()
  const say = options.quiet ? (): void => {} : (line: string): void => void process.stdout.write(`${line}\n`)
  const health = options.metrics === undefined ? undefined : await serveHealth(options.metrics, network, metrics)

  say(`mosaik-bootstrap`)
  say(`network  ${network.id}${options.networkId === undefined ? '  (random: give --network-id to join others)' : ''}`)
  say(`peer     ${network.local.id}`)
  say(`tags     ${options.tags.join(', ')}`)
  say(`relay    ${options.relay ? 'serving' : 'off'}`)
  if (health !== undefined) say(`metrics  ${health.url}/metrics`)
  for (const address of network.local.addresses) say(`address  ${address}`)
  say('Running. Ctrl+C leaves the network.')

  void reportPeers(network, say)
  await asked
  say('Leaving.')
  await health?.close()
}

/** QUIC and TCP, so that a node behind a firewall without UDP finds a way in; IPv6 where the machine has it. */
function defaultListen(): readonly string[] {
  const families = new Set(Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ family }) => family)))
  const hosts = [...(families.has('IPv4') ? ['/ip4/0.0.0.0'] : []), ...(families.has('IPv6') ? ['/ip6/::'] : [])]
  return hosts.flatMap((host) => [`${host}/udp/0/quic-v1`, `${host}/tcp/0`])
}

async function reportPeers(network: Network, say: (line: string) => void): Promise<void> {
  for await (const event of network.discovery.events()) {
    if (event.type === 'discovered') say(`+ ${event.entry.peerId}  ${network.discovery.catalog.value.size} known`)
    else if (event.type === 'departed') say(`- ${event.peerId}  ${network.discovery.catalog.value.size} known`)
    else if (event.type === 'lagged') say(`  ${event.missed} changes not shown`)
  }
}

/** The first signal asks for a graceful end; a second one ends at once. Nor does it go on when nobody can read what it says. */
function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const stop = (): void => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    process.on('SIGINT', stop).on('SIGTERM', stop)
    process.stdout.on('error', resolve)
  })
}

try {
  await run(parseOptions(process.argv.slice(2), process.env))
} catch (error) {
  process.stderr.write(`mosaik-bootstrap: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
