import weald from 'weald'
import type { Logger } from '../observe/logger.ts'

/**
 * Writes to stderr what the `DEBUG` variable selects, by namespace, as libp2p does. A part has four namespaces: its
 * name (info), `:trace` (debug), `:warn` and `:error`. `DEBUG=mosaik:*` shows all but the traces, which must be
 * asked for: `DEBUG='mosaik:discovery*,mosaik:*:trace'`. Without `DEBUG` it is silent.
 */
export const systemLogger: Logger = namespaceLogger('mosaik')

type Line = (...args: unknown[]) => void

function namespaceLogger(namespace: string): Logger {
  return {
    debug: traceLine(`${namespace}:trace`),
    info: line(namespace),
    warn: line(`${namespace}:warn`),
    error: line(`${namespace}:error`),
    forComponent: namespaceLogger,
  }
}

function line(namespace: string): Line {
  const write = weald(namespace)
  return (...args) => {
    if (write.enabled) write(args[0], ...args.slice(1))
  }
}

/** A star alone does not select traces: what was chosen must name them. */
function traceLine(namespace: string): Line {
  const write = line(namespace)
  return (...args) => {
    if (weald.names.some((selected) => selected.source.includes(':trace'))) write(...args)
  }
}
