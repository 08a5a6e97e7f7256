import { Command, InvalidArgumentError, Option } from 'commander'

/** What the command line and the environment ask for. */
export interface BootstrapOptions {
  /** Undefined: a random network of its own. */
  readonly networkId: string | undefined
  /** 64 hex digits are the key itself, other text is its seed. Undefined: a fresh identity. */
  readonly secret: string | undefined
  readonly peers: readonly string[]
  readonly tags: readonly string[]
  /** Empty: the library's default. */
  readonly listen: readonly string[]
  /** Serve as a circuit relay for nodes that cannot be dialled. */
  readonly relay: boolean
  /** Where to serve `/metrics`, `/healthz` and `/readyz`. */
  readonly metrics: HostAndPort | undefined
  readonly quiet: boolean
  /** 0 normal, 1 what happens, 2 every detail. */
  readonly verbose: number
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

type Environment = Readonly<Record<string, string | undefined>>

/** Flags that every program of Mosaik shares are also read from `MOSAIK_<NAME>`; its own variable wins. */
const SHARED = new Set(['network-id', 'secret', 'peers', 'listen', 'no-relay'])

const variablesOf = (option: Option): readonly string[] => {
  const name = option.long?.slice(2) ?? ''
  const upper = name.toUpperCase().replaceAll('-', '_')
  return [`MOSAIK_BOOTSTRAP_${upper}`, ...(SHARED.has(name) ? [`MOSAIK_${upper}`] : [])]
}

/** An option that may be given several times, or once as a comma-separated list. */
const list = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  ...value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
]

/** The same, each a multiaddr; what it means is judged where it is used. */
const addresses = (value: string, previous?: readonly string[]): readonly string[] => {
  const all = list(value, previous)
  const wrong = all.find((address) => !/^(?:\/[^/\s]+){2,}$/.test(address))
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}' is no address. Give one like /ip4/127.0.0.1/udp/4001/quic-v1.`)
  return all
}

function hostAndPort(value: string): HostAndPort {
  const colon = value.lastIndexOf(':')
  const host = colon === -1 ? '127.0.0.1' : value.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = value.slice(colon + 1)
  if (host === '' || !/^\d+$/.test(port) || Number(port) > 65_535) {
    throw new InvalidArgumentError('Give host:port, or a port alone for loopback; for example 127.0.0.1:9090.')
  }
  return { host, port: Number(port) }
}

function level(value: string | undefined, previous: number): number {
  if (value === undefined) return previous + 1
  if (!/^[012]$/.test(value)) throw new InvalidArgumentError('Give 0, 1 or 2.')
  return Number(value)
}

const describe = (option: Option): Option => {
  option.description += ` (environment: ${variablesOf(option).join(' or ')})`
  return option
}

export function createCommand(): Command {
  const program = new Command('mosaik-bootstrap')
    .description(
      'Runs a node that others dial first: it introduces peers to each other, answers DHT look-ups, and relays for those who cannot be dialled.',
    )
    .allowExcessArguments(false)
    .showHelpAfterError('Run with --help for every option.')
  const options = [
    new Option('-n, --network-id <text>', 'network to serve: a name, or 64 hex digits; random when absent'),
    new Option('-s, --secret <text>', 'identity: 64 hex digits are the key, other text is its seed; fresh when absent'),
    new Option('-p, --peers <address>', 'address of another node, repeatable').argParser(addresses).default([], 'none'),
    new Option('-t, --tags <text>', 'tag of this node, repeatable').argParser(list).default([], 'bootstrap'),
    new Option('--listen <multiaddr>', 'where to listen, repeatable')
      .argParser(addresses)
      .default([], 'QUIC and TCP on every interface, free ports'),
    new Option('--no-relay', 'do not relay for others'),
    new Option('--metrics <address>', 'serve /metrics, /healthz and /readyz here: host:port or port').argParser(hostAndPort),
    new Option('-q, --quiet', 'print nothing but errors').default(false),
    new Option('-v, --verbose', 'say what happens; twice for every detail').argParser(level).default(0, '0'),
  ]
  for (const option of options) program.addOption(describe(option))
  return program
}

/** Reads the environment for what the command line left open. */
function fillFromEnvironment(program: Command, env: Environment): void {
  for (const option of program.options) {
    const attribute = option.attributeName()
    if (program.getOptionValueSource(attribute) === 'cli') continue
    const variable = variablesOf(option).find((name) => (env[name] ?? '') !== '')
    if (variable === undefined) continue
    const text = env[variable] ?? ''
    try {
      program.setOptionValueWithSource(attribute, fromText(option, text), 'env')
    } catch (error) {
      program.error(`error: ${variable} is '${text}'. ${error instanceof Error ? error.message : ''}`)
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

/**
 * @param argv arguments after the program's name
 * @throws CommanderError when they cannot be used; what is wrong has been printed on stderr
 */
export function parseOptions(argv: readonly string[], env: Environment, configure?: (program: Command) => void): BootstrapOptions {
  const program = createCommand()
  configure?.(program)
  program.parse(argv, { from: 'user' })
  fillFromEnvironment(program, env)
  const given = program.opts<{ networkId?: string; secret?: string; metrics?: HostAndPort; tags: string[] } & BootstrapOptions>()
  if (given.verbose > 2) program.error('error: there is -v and -vv, no more')
  if (given.quiet && given.verbose > 0) program.error('error: --quiet and --verbose exclude each other')
  return {
    networkId: given.networkId,
    secret: given.secret,
    peers: given.peers,
    tags: given.tags.length > 0 ? given.tags : ['bootstrap'],
    listen: given.listen,
    relay: given.relay,
    metrics: given.metrics,
    quiet: given.quiet,
    verbose: given.verbose,
  }
}
