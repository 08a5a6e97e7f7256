import { Option, parseProgram } from '@mosaik/cli'
import type { CommandLine, ConnectionOptions } from '@mosaik/cli'

/** What the command line and the environment ask for. */
export interface BootstrapOptions extends ConnectionOptions {
  /** Serve as a circuit relay for nodes that cannot be dialled. Who is itself dialled through `relays` does not. */
  readonly relay: boolean
}

export const commandLine: CommandLine = {
  name: 'mosaik-bootstrap',
  description:
    'Runs a node that others dial first: it introduces peers to each other, answers DHT look-ups, and relays for those who cannot be dialled.',
  flags: [new Option('--no-relay', 'do not relay for others')],
  defaults: { tags: ['bootstrap'], listen: 'QUIC and TCP on every interface, free ports' },
}

/**
 * @param argv arguments after the program's name
 * @throws CommanderError when they cannot be used; what is wrong has been printed on stderr
 */
export function parseOptions(
  argv: readonly string[],
  env: Parameters<typeof parseProgram>[2],
  configure?: Parameters<typeof parseProgram>[3],
): BootstrapOptions {
  return parseProgram(commandLine, argv, env, configure).options as ConnectionOptions as BootstrapOptions
}
