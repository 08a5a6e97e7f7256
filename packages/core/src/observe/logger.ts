/** What Mosaik writes to. libp2p's component loggers and pino fit through a few lines. Arguments: a format text with `%s %d %o`, then values. */
export interface Logger {
  debug(...args: unknown[]): void
  info(...args: unknown[]): void
  warn(...args: unknown[]): void
  error(...args: unknown[]): void
  /** A logger for a part, named like `mosaik:discovery`. Without it all parts share one. */
  forComponent?(name: string): Logger
}

/** Writes nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, forComponent: () => silentLogger }

/** The logger of a part (`mosaik:discovery`): the part's own where `logger` can make one, else `logger` itself. */
export function componentLogger(logger: Logger, name: string): Logger {
  return logger.forComponent?.(name) ?? logger
}
