import { Option } from 'commander'
import { addresses, hostAndPort, level, list } from './values.ts'
import type { HostAndPort } from './values.ts'

/** What the flags ask for that all programs have. */
export interface ConnectionOptions {
  /** A name, or 64 hex digits. Undefined: a random network of its own. */
  readonly networkId: string | undefined
  /** 64 hex digits are the key itself, other text is its seed. Undefined: a fresh identity. */
  readonly secret: string | undefined
  /** Addresses of nodes to dial first. */
  readonly peers: readonly string[]
  /** Addresses of relays through which others may dial this node, each ending in `/p2p/<peer id>`. */
  readonly relays: readonly string[]
  readonly tags: readonly string[]
  /** Multiaddrs. Empty: the default of the program, or of the library. */
  readonly listen: readonly string[]
  /** Where to serve `/metrics`, `/healthz` and `/readyz`. */
  readonly metrics: HostAndPort | undefined
  readonly quiet: boolean
  /** 0 normal, 1 what happens, 2 every detail. */
  readonly verbose: number
  /** Events on stdout, an object a line, in place of text. */
  readonly json: boolean
}

/** What a program has instead of the library's defaults, where its flags are left out. */
export interface ConnectionDefaults {
  /** Default: a random network of its own. */
  readonly networkId?: string
  readonly tags?: readonly string[]
  /** In words, for `--help`; the program itself knows which addresses that means. */
  readonly listen?: string
}

/** Each call makes new ones. */
export function connectionFlags(defaults: ConnectionDefaults = {}): readonly Option[] {
  const tags = defaults.tags?.join(', ') ?? 'none'
  return [
    new Option('-n, --network-id <text>', 'network: a name, or 64 hex digits').default(defaults.networkId, defaults.networkId ?? 'random'),
    new Option('-s, --secret <text>', 'identity: 64 hex digits are the key, other text is its seed; fresh when absent'),
    new Option('-p, --peers <address>', 'address of another node, repeatable').argParser(addresses).default([], 'none'),
    new Option('--relays <address>', 'be dialled through this node, too, repeatable').argParser(addresses).default([], 'none'),
    new Option('-t, --tags <text>', 'tag of this node, repeatable').argParser(list).default([], tags),
    new Option('--listen <multiaddr>', 'where to listen, repeatable')
      .argParser(addresses)
      .default([], defaults.listen ?? 'QUIC on every interface, free ports'),
    new Option('--metrics <address>', 'serve /metrics, /healthz and /readyz here: host:port or port').argParser(hostAndPort),
    new Option('-q, --quiet', 'print nothing but errors, and with --json events').default(false),
    new Option('-v, --verbose', 'say what happens; twice for every detail').argParser(level).default(0, '0'),
    new Option('--json', 'print events, an object a line').default(false),
  ]
}
