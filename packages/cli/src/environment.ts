import { InvalidArgumentError } from 'commander'
import type { Command, Option } from 'commander'

export type Environment = Readonly<Record<string, string | undefined>>

/** Flags that programs share are also read from `MOSAIK_<NAME>`; a program's own variable wins. */
const SHARED: ReadonlySet<string> = new Set(['network-id', 'secret', 'peers', 'relays', 'listen', 'no-relay'])

/** @param program like `mosaik-bootstrap`, for `MOSAIK_BOOTSTRAP_<NAME>` */
export function variablesOf(program: string, option: Option): readonly string[] {
  const name = option.long?.slice(2) ?? ''
  const own = inCapitals(`mosaik-${program.replace(/^mosaik-/, '')}-${name}`)
  return SHARED.has(name) ? [own, inCapitals(`mosaik-${name}`)] : [own]
}

/** Reads the environment for what the command line left open. */
export function fillFromEnvironment(program: string, command: Command, env: Environment): void {
  for (const option of command.options) {
    const attribute = option.attributeName()
    if (command.getOptionValueSource(attribute) === 'cli') continue
    const variable = variablesOf(program, option).find((name) => (env[name] ?? '') !== '')
    if (variable === undefined) continue
    const text = env[variable] ?? ''
    try {
      command.setOptionValueWithSource(attribute, fromText(option, text), 'env')
    } catch (error) {
      command.error(`error: ${variable} is '${text}'. ${error instanceof Error ? error.message : ''}`)
    }
  }
}

function fromText(option: Option, text: string): unknown {
  if (option.parseArg !== undefined) return option.parseArg(text, option.defaultValue as never)
  if (option.required || option.optional) return text
  if (!['0', '1', 'true', 'false'].includes(text)) throw new InvalidArgumentError('Give true or false.')
  const on = text === '1' || text === 'true'
  return option.negate ? !on : on
}

function inCapitals(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
