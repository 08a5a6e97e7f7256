#!/usr/bin/env node
/** The program: starts a node, prints how to reach it, runs until SIGINT, SIGTERM or SIGHUP, and leaves gracefully within 5 s. */
import { networkInterfaces } from 'node:os'
import { runProgram } from '@mosaik/cli'
import type { Output, Run } from '@mosaik/cli'
import type { Network } from '@mosaik/node'
import { commandLine } from './options.ts'
import type { BootstrapOptions } from './options.ts'

async function main({ options, signal, output, connect }: Run<BootstrapOptions>): Promise<void> {
  const relays = options.relay && options.relays.length === 0
  const { network, metricsUrl } = await connect({
    listen: options.listen.length > 0 ? options.listen : defaultListen(),
    ...(relays && { relay: { serve: true } }),
    discovery: { dht: { bootstrap: [...options.peers], serve: true } },
  })
  output.say(`mosaik-bootstrap`)
  output.say(`network  ${network.id}${options.networkId === undefined ? '  (random: give --network-id to join others)' : ''}`)
  output.say(`peer     ${network.local.id}`)
  output.say(`tags     ${options.tags.join(', ')}`)
  output.say(`relay    ${relays ? 'serving' : 'off'}`)
  if (metricsUrl !== undefined) output.say(`metrics  ${metricsUrl}`)
  for (const address of network.local.addresses) output.say(`address  ${address}`)
  output.say('Running. Ctrl+C leaves the network.')

  try {
    await reportPeers(network, output, signal)
  } finally {
    output.say('Leaving.')
  }
}

/** QUIC and TCP, so that a node behind a firewall without UDP finds a way in; IPv6 where the machine has it. */
function defaultListen(): readonly string[] {
  const families = new Set(Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ family }) => family)))
  const hosts = [...(families.has('IPv4') ? ['/ip4/0.0.0.0'] : []), ...(families.has('IPv6') ? ['/ip6/::'] : [])]
  return hosts.flatMap((host) => [`${host}/udp/0/quic-v1`, `${host}/tcp/0`])
}

/** Until it is asked to end. */
async function reportPeers({ discovery }: Network, output: Output, signal: AbortSignal): Promise<void> {
  for await (const event of discovery.events({ signal })) {
    const known = discovery.catalog.value.size
    if (event.type === 'discovered') {
      output.say(`+ ${event.entry.peerId}  ${known} known`)
      output.event('discovered', { peer: event.entry.peerId, known })
    } else if (event.type === 'departed') {
      output.say(`- ${event.peerId}  ${known} known`)
      output.event('departed', { peer: event.peerId, known })
    } else if (event.type === 'lagged') {
      output.say(`  ${event.missed} changes not shown`)
      output.event('lagged', { missed: event.missed })
    }
  }
}

await runProgram<BootstrapOptions>({ ...commandLine, main })
