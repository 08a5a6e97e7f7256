import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { randomId } from '@mosaik/core'
import type { Duration } from '@mosaik/core'
import type { ConsensusOptions } from '../../src/group-id.ts'

const REMEMBERED = 40

/** What a member process is told when it starts. */
export interface MemberArguments {
  readonly network: string
  readonly directory: string
  readonly listen: string
  readonly bootstrap: readonly string[]
  /** Entries kept behind a snapshot. */
  readonly retention?: number
  /** Of every call. */
  readonly timeout: Duration
  /** Default `fast`. */
  readonly consensus?: ConsensusOptions
  /** Keeps nothing in the directory. */
  readonly inMemory?: boolean
  readonly isObserver?: boolean
}

/** What a member prints. */
export interface Told {
  readonly started?: string
  readonly address?: string
  readonly voters?: number
  readonly bonds?: number
  readonly leader?: string | null
  readonly term?: number
  readonly lineage?: string
  readonly done?: string
  readonly failed?: string
  readonly code?: string
  readonly lines?: readonly string[] | null
  /** The group has ended on this node. */
  readonly ended?: string
  /** What must not happen where nothing but processes dies. */
  readonly surprise?: string
  /** When it was heard, ms. */
  readonly at?: number
}

/** What became of a command: `done`, the code of its error, or `gone` when the member ended before it said so. */
export type Fate = string

/** A member in a process of its own. */
export class MemberProcess {
  readonly child: ChildProcess
  /** All but the fates of commands. */
  readonly told: Told[] = []
  /** The end of its standard error. */
  readonly complaints: string[] = []
  /** Resolves with undefined when it was killed from here, otherwise with how it ended. */
  readonly over: Promise<string | undefined>
  readonly #waiting = new Map<string, (fate: Fate) => void>()
  #wake = Promise.withResolvers<void>()
  #isOver = false
  #isKilled = false

  constructor(args: MemberArguments) {
    const program = join(import.meta.dirname, 'member.ts')
    this.child = spawn(process.execPath, ['--conditions=@mosaik/source', program, JSON.stringify(args)], { stdio: 'pipe' })
    this.child.stdin?.on('error', () => {}) // it may have been killed meanwhile
    createInterface({ input: this.child.stdout as Readable }).on('line', (line) => this.#hear(line))
    createInterface({ input: this.child.stderr as Readable }).on('line', (line) => {
      this.complaints.push(line)
      if (this.complaints.length > REMEMBERED) this.complaints.shift()
    })
    this.over = once(this.child, 'close').then(([code, signal]) => {
      this.#isOver = true
      for (const settle of this.#waiting.values()) settle('gone')
      this.#next()
      return this.#isKilled ? undefined : `exit code ${String(code)}, signal ${String(signal)}`
    })
  }

  get isOver(): boolean {
    return this.#isOver || this.#isKilled
  }

  /** The first, from this position of what it has told, that satisfies. */
  async that(holds: (told: Told) => boolean, from = 0): Promise<Told> {
    for (;;) {
      const found = this.told.slice(from).find(holds)
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`the member has ended and not said it\n${this.story()}`)
      await this.#wake.promise
    }
  }

  async started(): Promise<{ readonly id: string; readonly address: string }> {
    const { started, address } = await this.that((told) => told.started !== undefined)
    return { id: started as string, address: address as string }
  }

  execute(line: string): Promise<Fate> {
    if (this.#isOver) return Promise.resolve('gone')
    return new Promise((resolve) => {
      this.#waiting.set(line, (fate) => {
        this.#waiting.delete(line)
        resolve(fate)
      })
      this.child.stdin?.write(`${line}\n`)
    })
  }

  /** Sees everything that was acknowledged before. */
  async state(): Promise<Told> {
    const from = this.told.length
    this.child.stdin?.write('?\n')
    return this.that(({ lines }) => lines !== undefined, from)
  }

  /** What it has said last of its leader. */
  get leader(): { readonly id: string; readonly term: number } | undefined {
    const last = this.told.findLast(({ leader }) => leader !== undefined)
    return typeof last?.leader === 'string' ? { id: last.leader, term: last.term ?? 0 } : undefined
  }

  /** How many it has said that there are. */
  get voters(): number {
    return this.told.findLast(({ voters }) => voters !== undefined)?.voters ?? 0
  }

  get id(): string | undefined {
    return this.told.find(({ started }) => started !== undefined)?.started
  }

  /** At once; resolves when all that it said before has been read. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#isKilled = true
    this.child.kill('SIGKILL')
    await this.over
  }

  /** For whoever wants to know why it is not as it should be. */
  story(): string {
    const told = this.told.slice(-REMEMBERED).map((each) => JSON.stringify(each).slice(0, 200))
    return [...told, ...this.complaints].map((line) => `    ${line}`).join('\n')
  }

  #hear(line: string): void {
    const told = parse(line)
    if (told === undefined) return // cut by the kill
    if (told.done !== undefined) this.#waiting.get(told.done)?.('done')
    else if (told.failed !== undefined) this.#waiting.get(told.failed)?.(told.code ?? 'failed')
    else this.told.push({ at: Math.round(performance.now()), ...told })
    this.#next()
  }

  #next(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }
}

function parse(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told
  } catch {
    return undefined
  }
}

/** What makes members of a group differ. */
type Character = Pick<MemberArguments, 'inMemory' | 'isObserver'>

interface Home {
  readonly directory: string
  readonly character: Character
  /** The same at every start, so that others find it again. */
  address: string | undefined
}

/** Members on loopback, each with a directory; ends what it has started. */
export class ProcessGroup implements AsyncDisposable {
  readonly members: MemberProcess[] = []
  readonly #common: Pick<MemberArguments, 'network' | 'retention' | 'timeout' | 'consensus'>
  readonly #homes: Home[] = []
  #root = ''

  constructor(options: Partial<Pick<MemberArguments, 'retention' | 'timeout' | 'consensus'>> = {}) {
    this.#common = { network: randomId(), timeout: '60s', ...options }
  }

  /** They have elected a leader, and all have a vote. */
  async start(count: number): Promise<readonly MemberProcess[]> {
    for (let i = 0; i < count; i++) await this.add()
    await Promise.all(this.members.map((member) => member.that(({ voters }) => voters === count)))
    return this.members
  }

  async add(character: Character = {}): Promise<MemberProcess> {
    if (this.#root === '') this.#root = await mkdtemp(join(tmpdir(), 'mosaik-group-'))
    const i = this.#homes.length
    this.#homes.push({ directory: join(this.#root, String(i)), character, address: undefined })
    return this.launch(i)
  }

  /** The first time, or again where it has been. */
  async launch(i: number): Promise<MemberProcess> {
    const member = this.spawn(i)
    ;(this.#homes[i] as Home).address = (await member.started()).address
    return member
  }

  /** The same, and does not wait until it has started. */
  spawn(i: number): MemberProcess {
    const home = this.#homes[i] as Home
    const bootstrap = this.#homes.flatMap(({ address }, at) => (at === i || address === undefined ? [] : [address]))
    const listen = home.address?.replace(/\/p2p\/.*$/, '') ?? '/ip4/127.0.0.1/udp/0/quic-v1'
    const member = new MemberProcess({ ...this.#common, ...home.character, directory: home.directory, listen, bootstrap })
    this.members[i] = member
    return member
  }

  /** The leader as everyone of these has last heard. */
  async leaderOf(members: readonly MemberProcess[]): Promise<MemberProcess> {
    const ids = await Promise.all(members.map(async (member) => (await member.started()).id))
    for (;;) {
      const leaders = await Promise.all(members.map(async (member) => (await member.state()).leader))
      const at = ids.indexOf(leaders[0] ?? '')
      if (at >= 0 && leaders.every((leader) => leader === leaders[0])) return members[at] as MemberProcess
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
    await rm(this.#root, { recursive: true, force: true })
  }
}
