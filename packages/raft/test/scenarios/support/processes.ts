import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { randomId } from '@mosaik/core'

/** What a member prints. */
export interface Told {
  readonly started?: string
  readonly address?: string
  readonly voters?: number
  readonly leader?: string | null
  readonly term?: number
  readonly done?: string
  readonly reply?: number
  readonly failed?: string
  readonly lines?: readonly string[]
}

/** A member in a process of its own. */
export class MemberProcess {
  readonly told: Told[] = []
  readonly child: ChildProcess
  #wake = Promise.withResolvers<void>()
  #isOver = false

  constructor(args: readonly string[]) {
    const program = join(import.meta.dirname, 'member.ts')
    this.child = spawn(process.execPath, ['--conditions=@mosaik/source', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.child.stdin?.on('error', () => {}) // it may have been killed meanwhile
    const lines = createInterface({ input: this.child.stdout as NonNullable<typeof this.child.stdout> })
    lines.on('line', (line) => (this.told.push(JSON.parse(line) as Told), this.#next()))
    lines.on('close', () => ((this.#isOver = true), this.#next()))
  }

  /** The first, from this position of what it has told, that satisfies. */
  async that(holds: (told: Told) => boolean, from = 0): Promise<Told> {
    for (;;) {
      const found = this.told.slice(from).find(holds)
      if (found !== undefined) return found
      if (this.#isOver) throw new Error('the member has ended and not said it')
      await this.#wake.promise
    }
  }

  async started(): Promise<{ readonly id: string; readonly address: string }> {
    const { started, address } = await this.that((told) => told.started !== undefined)
    return { id: started as string, address: address as string }
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Resolves once the command has been acknowledged. */
  async execute(line: string): Promise<Told> {
    this.say(line)
    return this.that(({ done }) => done === line)
  }

  async state(): Promise<Told> {
    const from = this.told.length
    this.say('?')
    return this.that(({ lines }) => lines !== undefined, from)
  }

  /** What it has acknowledged so far. */
  get acknowledged(): readonly string[] {
    return this.told.flatMap(({ done }) => (done === undefined ? [] : [done]))
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const gone = once(this.child, 'close')
    this.child.kill('SIGKILL')
    await gone
  }

  #next(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }
}

interface Home {
  readonly directory: string
  /** The same at every start, so that others find it again. */
  address: string | undefined
}

/** Members on loopback, each with a directory; ends what it has started. */
export class ProcessGroup implements AsyncDisposable {
  readonly #network: string = randomId()
  readonly #homes: Home[] = []
  readonly members: MemberProcess[] = []
  #root = ''

  /** They have elected a leader, and all have a vote. */
  async start(count: number): Promise<readonly MemberProcess[]> {
    this.#root = await mkdtemp(join(tmpdir(), 'mosaik-group-'))
    for (let i = 0; i < count; i++) {
      this.#homes.push({ directory: join(this.#root, String(i)), address: undefined })
      await this.launch(i)
    }
    await Promise.all(this.members.map((member) => member.that(({ voters }) => voters === count)))
    return this.members
  }

  /** The first time, or again where it has been. */
  async launch(i: number): Promise<MemberProcess> {
    const home = this.#homes[i] as Home
    const others = this.#homes.flatMap(({ address }, at) => (at === i || address === undefined ? [] : [address]))
    const listen = home.address?.replace(/\/p2p\/.*$/, '') ?? '/ip4/127.0.0.1/udp/0/quic-v1'
    const member = new MemberProcess([this.#network, home.directory, listen, ...others])
    this.members[i] = member
    home.address = (await member.started()).address
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
