import { MosaikError } from '@mosaik/node'
import type { Logger, Network, NetworkOptions } from '@mosaik/node'
import { CommanderError } from 'commander'
import { openConnection } from './connection.ts'
import type { Connection } from './connection.ts'
import { FAILED, untilAskedToEnd } from './ending.ts'
import type { Environment } from './environment.ts'
import type { ConnectionOptions } from './flags.ts'
import { createLog } from './log.ts'
import { createOutput } from './output.ts'
import type { EventFields, Output } from './output.ts'
import { parseProgram } from './parse.ts'
import type { CommandLine, Parsed } from './parse.ts'
import { printableLines } from './printable.ts'

/** All in ms, the first two from the moment at which it is asked to end. */
const MAIN_ENDS_WITHIN = 1_000
const LEAVES_WITHIN = 4_000
const MAIN_ENDS_AFTER_LEAVING = 500

const DONE = 0
const BAD_ARGUMENTS = 2

/** One thing that a program does: its command line, and its body. `Own` is what `flags` give, under their names in camel case. */
export interface ProgramCommand<Own extends object = object> extends CommandLine {
  /**
   * Runs until it has done its work or is asked to end; what it throws is printed, and the exit code is 1, or 2 for
   * `ERR_INVALID_OPTION`. Once asked it has a second, then the network is closed, so that what still waits for it rejects with `ERR_CLOSED`;
   * that, or an `AbortError`, is no failure then.
   */
  main(run: Run<Own>): Promise<void>
}

/** A program with one command line, or one for each of its roles. */
export type Program<Own extends object = object> =
  | ProgramCommand<Own>
  | { readonly name: string; readonly description: string; readonly commands: readonly ProgramCommand[] }

/** What a program's body is given. */
export interface Run<Own extends object = object> {
  readonly options: ConnectionOptions & Own
  /** Aborts when the program is asked to end: SIGINT, SIGTERM, SIGHUP, or nobody reads its output. */
  readonly signal: AbortSignal
  readonly output: Output
  /** To stderr, as `-q` and `-v` ask for it. */
  readonly logger: Logger
  /**
   * Starts a node as the flags ask for it, serves its metrics, and tells of it with the event `started`. It is closed when the body has
   * ended. `overrides` win over the flags. Rejects as `createNetwork` does, or when the address for metrics cannot be had.
   */
  connect(overrides?: NetworkOptions): Promise<{ readonly network: Network; readonly metricsUrl: string | undefined }>
}

/**
 * Runs a program, from its arguments to its exit code: 0 when it has done its work or was asked to end, 1 when it failed, or was asked
 * twice by SIGINT or SIGTERM, 2 when its arguments cannot be used. Asked once it ends within 5 s. It resolves when the program has ended;
 * a signal after that does not change the exit code.
 */
export async function runProgram<Own extends object = object>(
  program: Program<Own>,
  argv: readonly string[] = process.argv.slice(2),
  env: Environment = process.env,
): Promise<void> {
  let parsed: Parsed<ProgramCommand<never>>
  try {
    parsed = parseProgram<ProgramCommand<never>>(program as Program<never>, argv, env, (command) => command.exitOverride())
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? DONE : BAD_ARGUMENTS
    return
  }
  await play(program.name, parsed)
}

async function play(name: string, { line, options }: Parsed<ProgramCommand<never>>): Promise<void> {
  const ending = untilAskedToEnd()
  const { signal } = ending
  const [output, logger] = [createOutput(options, ending.write), createLog(options)]
  const connections: Connection[] = []
  let leaveBy: number | undefined
  signal.addEventListener('abort', () => {
    leaveBy = performance.now() + LEAVES_WITHIN
    output.event('leaving', { reason: ending.reason })
    if (ending.reason === 'output-stalled') logger.warn('it ends: too much of its output waits to be read')
  })

  const connect: Run['connect'] = async (overrides) => {
    const connection = await openConnection(options, logger, signal, overrides)
    connections.push(connection)
    output.event('started', { program: name, role: line.name, ...factsOf(connection) })
    return connection
  }
  const ended = codeOf(name, output, signal, () => line.main({ options: options as never, signal, output, logger, connect }))
  await untilEndedOrLate(ended, signal)
  const left = leaveBy === undefined ? LEAVES_WITHIN : Math.max(0, leaveBy - performance.now())
  await Promise.all(connections.map((connection) => connection.close(left)))
  const code = await within(MAIN_ENDS_AFTER_LEAVING, ended, () => {
    process.stderr.write(`${name}: it did not end in time\n`)
    process.exit(FAILED)
  })
  ending.over(code)
}

function factsOf({ network, metricsUrl }: Connection): EventFields {
  const { id, addresses } = network.local
  return { network: network.id, peer: id, addresses, ...(metricsUrl !== undefined && { metrics: metricsUrl }) }
}

/** Exit code of the body, which is told of when it fails. */
async function codeOf(name: string, output: Output, signal: AbortSignal, main: () => Promise<void>): Promise<number> {
  try {
    await main()
    return DONE
  } catch (error) {
    if (signal.aborted && isAnEnding(error)) return DONE
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${name}: ${printableLines(message)}\n`)
    output.event('failed', { message, ...(error instanceof MosaikError && { code: error.code }) })
    return MosaikError.is(error, 'ERR_INVALID_OPTION') ? BAD_ARGUMENTS : FAILED
  }
}

function isAnEnding(error: unknown): boolean {
  return MosaikError.is(error, 'ERR_CLOSED') || (error instanceof Error && error.name === 'AbortError')
}

/** Resolves when the body has ended, at the latest a second after it was asked to. */
function untilEndedOrLate(ended: Promise<number>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const ask = (): void => void (timer = setTimeout(resolve, MAIN_ENDS_WITHIN))
    signal.addEventListener('abort', ask)
    void ended.then(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', ask)
      resolve()
    })
  })
}

function within(ms: number, ended: Promise<number>, late: () => void): Promise<number> {
  const timer = setTimeout(late, ms)
  return ended.finally(() => clearTimeout(timer))
}
