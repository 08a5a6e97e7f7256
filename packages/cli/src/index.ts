/**
 * The command line that all programs of Mosaik share, for programs of your own: connection flags and their variables, events, logs,
 * metrics, a graceful end, exit codes.
 *
 * ```ts
 * import { Option, runProgram } from '@mosaik/cli'
 *
 * await runProgram<{ greeting: string }>({
 *   name: 'my-app',
 *   description: 'Greets whoever it meets.',
 *   flags: [new Option('--greeting <text>', 'what it says').default('hello')],
 *   async main({ options, signal, output, connect }) {
 *     const { network } = await connect()
 *     output.say(`others can join with ${network.local.addresses[0]}`)
 *     for await (const event of network.discovery.events({ signal })) {
 *       if (event.type !== 'discovered') continue
 *       output.say(`${options.greeting}, ${event.entry.peerId}`)
 *       output.event('greeted', { peer: event.entry.peerId })
 *     }
 *   },
 * })
 * ```
 *
 * @module
 */
export type { EndingReason } from './ending.ts'
export { connectionFlags } from './flags.ts'
export type { ConnectionDefaults, ConnectionOptions } from './flags.ts'
export { serveHealth } from './health.ts'
export type { HealthServer } from './health.ts'
export { createLog } from './log.ts'
export { networkOptionsOf } from './network-options.ts'
export { createOutput } from './output.ts'
export type { EventFields, Output } from './output.ts'
export { parseProgram } from './parse.ts'
export type { CommandLine, Parsed, ProgramLine } from './parse.ts'
export { printable } from './printable.ts'
export { runProgram } from './run.ts'
export type { Program, ProgramCommand, Run } from './run.ts'
export { addresses, hostAndPort, list, wholeNumber } from './values.ts'
export type { HostAndPort } from './values.ts'
export { CommanderError, InvalidArgumentError, Option } from 'commander'
