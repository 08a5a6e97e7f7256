import { InvalidArgumentError, Option, printable } from '@mosaik/cli'
import type { CommandLine } from '@mosaik/cli'
import { MAX_NAME, shortened } from './text.ts'

export interface ChatOptions {
  readonly room: string
  readonly name: string
  readonly mdns: boolean
}

const MAX_ROOM = 200

/** A text of one line. */
function text(limit: number): (value: string) => string {
  return (value) => {
    const given = value.trim()
    if (given === '' || printable(shortened(given, limit)) !== given) {
      throw new InvalidArgumentError(`Give 1 to ${limit} characters, none of which controls a terminal.`)
    }
    return given
  }
}

export const commandLine: CommandLine = {
  name: 'mosaik-chat',
  description: 'Group chat without a server. A line that is typed is a message; /who tells who is there, /quit leaves.',
  flags: [
    new Option('--room <room>', 'what to talk about: only who knows it takes part').argParser(text(MAX_ROOM)).makeOptionMandatory(),
    new Option('--name <name>', 'what others call you').argParser(text(MAX_NAME)).makeOptionMandatory(),
    new Option('--no-mdns', 'do not look for others on the local network: only --peers'),
  ],
  defaults: { networkId: 'mosaik-chat' },
}
