import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Standing } from '@mosaik/raft'
import type { Kind, Write } from './kinds.ts'

const PROGRAM = fileURLToPath(new URL('member.ts', import.meta.url))
/** Lines that are kept for the story. */
const REMEMBERED = 30

/** What a member process is told when it starts. */
export interface MemberArguments {
  readonly network: string
  /** Of this run of it: first part of the values that it writes. */
  readonly name: string
  /** Its key is made of this. */
  readonly identity: string
  readonly bootstrap: readonly string[]
  /** Where the logs are. Default: in memory. */
  readonly directory?: string
  /** The others are opened as a writer. */
  readonly reads: readonly Kind[]
  /** Writes under way, for each collection. */
  readonly lanes: number
  /** Of every write. */
  readonly timeout: string
  /** Tells of every write that it sees, of leaders and of members. */
  readonly isWitness: boolean
}

export interface State {
  readonly index: number
  readonly lineage: string
  readonly items: number
  /** Of the whole contents, in the order of iteration. */
  readonly hash: string
  /** Of the witness. */
  readonly contents?: readonly unknown[]
}

/** What a member prints, one JSON value a line. */
export type Told =
  | { readonly type: 'started'; readonly id: string; readonly address: string }
  /** Every collection is online. */
  | { readonly type: 'online' }
  /** Before it is sent. */
  | { readonly type: 'given'; readonly kind: Kind; readonly number: number; readonly write: Write }
  | { readonly type: 'done'; readonly kind: Kind; readonly number: number; readonly index: number; readonly result?: unknown }
  | { readonly type: 'failed'; readonly kind: Kind; readonly number: number; readonly code: string }
  /** All writes have ended. */
  | { readonly type: 'stopped' }
  | { readonly type: 'states'; readonly states: Readonly<Record<Kind, State>>; readonly rss: number; readonly syncs: number }
  /** What must not happen where nothing but processes dies. */
  | { readonly type: 'surprise'; readonly kind: Kind; readonly what: string }
  // Of the witness:
  | { readonly type: 'seen'; readonly kind: Kind; readonly index: number; readonly write: Write; readonly result?: unknown }
  | { readonly type: 'missed'; readonly kind: Kind; readonly index: number }
  | { readonly type: 'leader'; readonly kind: Kind; readonly leader: string | null }
  | { readonly type: 'lineage'; readonly kind: Kind }
  | { readonly type: 'members'; readonly kind: Kind; readonly members: readonly MemberTold[] }

/** Another life without its log is another member. */
export type MemberTold = readonly [peerId: string, incarnation: string, standing: Standing]

const FREQUENT: ReadonlySet<Told['type']> = new Set(['given', 'done', 'seen', 'states'])

/** A node in a process of its own. */
export class MemberProcess {
  readonly name: string
  /** Resolves with undefined when it was killed from here, otherwise with how it ended. All that it said has been read by then. */
  readonly over: Promise<string | undefined>
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #lines: string[] = []
  #isKilled = false
  #isStopped = false

  /** `hear` is called for everything that it says. */
  constructor(args: MemberArguments, hear: (told: Told) => void) {
    this.name = args.name
    this.#child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, JSON.stringify(args)], { stdio: 'pipe' })
    this.#child.stdin.on('error', () => {}) // it was killed
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#remember(line))
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const told = parsed(line)
      if (told === undefined) return // cut by the kill
      if (!FREQUENT.has(told.type)) this.#remember(line)
      hear(told)
    })
    this.over = once(this.#child, 'close').then(([code, signal]) =>
      this.#isKilled ? undefined : `exit code ${String(code)}, signal ${String(signal)}`,
    )
  }

  get isKilled(): boolean {
    return this.#isKilled
  }

  /** It stands still. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  say(line: 'write' | 'stop' | 'states'): void {
    this.#child.stdin.write(`${line}\n`)
  }

  async kill(): Promise<void> {
    this.#isKilled = true
    this.#child.kill('SIGKILL')
    await this.over
  }

  stop(): void {
    this.#isStopped = this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#isStopped = false
    this.#child.kill('SIGCONT')
  }

  /** For whoever wants to know why it is not as it should be. */
  story(): string {
    const how = this.#isKilled ? 'killed' : this.#isStopped ? 'stopped' : 'running'
    return [`  ${this.name}, ${how}:`, ...this.#lines.map((line) => `    ${line}`)].join('\n')
  }

  #remember(line: string): void {
    this.#lines.push(`${Math.round(performance.now())} ${line.slice(0, 300)}`)
    if (this.#lines.length > REMEMBERED) this.#lines.shift()
  }
}

function parsed(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told
  } catch {
    return undefined
  }
}
