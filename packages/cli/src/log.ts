import { format } from 'node:util'
import type { Logger } from '@mosaik/node'
import { printableLines } from './printable.ts'

const nothing = (): void => {}

/** Logs to stderr: warnings and errors always, what happens with -v, every detail with -vv, nothing but errors with -q. What a terminal might obey shows as �. */
export function createLog({ quiet, verbose }: { readonly quiet: boolean; readonly verbose: number }): Logger {
  const write = (level: string, component: string, args: readonly unknown[]): void => {
    process.stderr.write(`${new Date().toISOString()} ${level} ${component} ${printableLines(format(...args))}\n`)
  }
  const at = (level: string, component: string, wanted: boolean): ((...args: unknown[]) => void) =>
    wanted ? (...args) => write(level, component, args) : nothing
  const loggerFor = (component: string): Logger => ({
    debug: at('DEBUG', component, verbose >= 2),
    info: at('INFO ', component, verbose >= 1),
    warn: at('WARN ', component, !quiet),
    error: at('ERROR', component, true),
    forComponent: loggerFor,
  })
  return loggerFor('mosaik')
}
