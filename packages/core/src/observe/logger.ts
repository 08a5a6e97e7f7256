/** What Mosaik writes to. libp2p's component loggers and pino fit through a few lines. Arguments: a format text with `%s %d %o`, then values. */
export interface Logger {
  debug(...args: unknown[]): void
  info(...args: unknown[]): void
  warn(...args: unknown[]): void
  error(...args: unknown[]): void
  /** A logger for a part, named like `mosaik:discovery`. Without it all parts share one. */
  forComponent?(name: string): Logger
}
