import { printable, printableJson } from './printable.ts'

/** What goes to stdout: text for people, or with `--json` events for programs. */
export interface Output {
  readonly isJson: boolean
  /** A line for people: printed unless `--quiet` or `--json` is given. What a terminal might obey shows as �. */
  say(line: string): void
  /**
   * A line for programs, printed with `--json`: `{"time": …, "event": …, …}`, time in ISO 8601, bigints as text. Names of events are
   * kebab-case and stay what they are.
   */
  event(event: string, fields?: EventFields): void
}

export type EventFields = Readonly<Record<string, unknown>> & { readonly time?: never; readonly event?: never }

/** @param write takes whole lines, each with its end */
export function createOutput(
  { quiet, json }: { readonly quiet: boolean; readonly json: boolean },
  write: (text: string) => void = (text) => void process.stdout.write(text),
  now: () => Date = () => new Date(),
): Output {
  return {
    isJson: json,
    say: (line) => {
      if (!quiet && !json) write(`${printable(line)}\n`)
    },
    event: (event, fields) => {
      if (json) write(`${printableJson(JSON.stringify({ time: now().toISOString(), event, ...fields }, bigintsAsText))}\n`)
    },
  }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
