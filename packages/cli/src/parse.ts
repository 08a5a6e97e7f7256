import { Command } from 'commander'
import type { Option } from 'commander'
import { fillFromEnvironment, variablesOf } from './environment.ts'
import type { Environment } from './environment.ts'
import { connectionFlags } from './flags.ts'
import type { ConnectionDefaults, ConnectionOptions } from './flags.ts'

/** What one command line is made of. */
export interface CommandLine {
  /** Of the program, like `my-app`, or of a role, like `matcher`. */
  readonly name: string
  readonly description: string
  /** Of its own, beside those that all have. */
  readonly flags?: readonly Option[]
  readonly defaults?: ConnectionDefaults
}

/** A program with one command line, or one for each of its roles. */
export type ProgramLine<Line extends CommandLine = CommandLine> =
  | Line
  | { readonly name: string; readonly description: string; readonly commands: readonly Line[] }

/** The line that was chosen, and all of its options. */
export interface Parsed<Line extends CommandLine> {
  readonly line: Line
  readonly options: ConnectionOptions & Readonly<Record<string, unknown>>
}

/**
 * Own variables of the environment are `MOSAIK_<PROGRAM>_<NAME>`, for all of its roles alike; the command line wins.
 *
 * @param argv arguments after the program's name
 * @param configure is given commander's command before it reads anything
 * @throws CommanderError when they cannot be used, or help was asked for; what there is to say has been printed
 */
export function parseProgram<Line extends CommandLine>(
  program: ProgramLine<Line>,
  argv: readonly string[],
  env: Environment,
  configure?: (command: Command) => void,
): Parsed<Line> {
  let chosen: Parsed<Line> | undefined
  const configured = (command: Command): Command => {
    command.description(program.description).allowExcessArguments(false).showHelpAfterError('Run with --help for every option.')
    configure?.(command)
    return command
  }
  const prepared = (command: Command, line: Line): Command => {
    addFlags(command, program.name, line)
    return command.action(() => void (chosen = { line, options: optionsOf(command, line) }))
  }
  const lineOf = (line: Line): FlagCommand => new FlagCommand(line.name, program.name, env)
  let root: Command
  if ('commands' in program) {
    root = configured(new Command(program.name))
    for (const line of program.commands) {
      root.addCommand(prepared(configured(lineOf(line)).description(line.description), line))
    }
  } else root = prepared(configured(lineOf(program)), program)
  root.parse(argv, { from: 'user' })
  return chosen ?? root.error('error: nothing to do')
}

function addFlags(command: Command, program: string, line: CommandLine): void {
  for (const option of [...connectionFlags(line.defaults), ...(line.flags ?? [])]) {
    const variables = variablesOf(program, option).join(' or ')
    if (!option.description.endsWith(')')) option.description += ` (environment: ${variables})`
    command.addOption(option)
  }
}

function optionsOf(command: Command, line: CommandLine): ConnectionOptions & Record<string, unknown> {
  const given = command.opts<ConnectionOptions & Record<string, unknown>>()
  if (given.verbose > 2) command.error('error: there is -v and -vv, no more')
  if (given.quiet && given.verbose > 0) command.error('error: --quiet and --verbose exclude each other')
  return {
    ...given,
    networkId: given.networkId,
    secret: given.secret,
    metrics: given.metrics,
    tags: given.tags.length > 0 ? given.tags : (line.defaults?.tags ?? []),
  }
}

/** Takes from the environment what its arguments leave open, before it looks for what is missing. */
class FlagCommand extends Command {
  readonly #program: string
  readonly #env: Environment

  constructor(name: string, program: string, env: Environment) {
    super(name)
    this.#program = program
    this.#env = env
  }

  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    const parsed = super.parseOptions(argv)
    if (!parsed.unknown.includes('--help') && !parsed.unknown.includes('-h')) fillFromEnvironment(this.#program, this, this.#env)
    return parsed
  }
}
