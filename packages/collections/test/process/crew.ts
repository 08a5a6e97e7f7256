import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomId } from '@mosaik/core'
import { KINDS } from './kinds.ts'
import type { Kind } from './kinds.ts'
import { MemberProcess } from './processes.ts'
import type { Told } from './processes.ts'

/** A place for a member: its lives come one after the other. */
export interface Home {
  readonly label: string
  readonly isWitness: boolean
  /** Its logs die with it. */
  readonly isInMemory: boolean
  readonly reads: readonly Kind[]
  /** Counts identities: another one has another directory, too. */
  identity: number
  lives: number
  process: MemberProcess | undefined
  /** Of the present life, as far as it has told. */
  id: string | undefined
  address: string | undefined
  isOnline: boolean
  hasStopped: boolean
}

export interface CrewOptions {
  readonly members: number
  /** The last so many keep their logs in memory. */
  readonly inMemory: number
  /** By member: what it only reads. */
  readonly reads: readonly (readonly Kind[])[]
  readonly lanes: number
  readonly timeout: string
  readonly hear: (home: Home, process: MemberProcess, told: Told) => void
  /** `how` is undefined when it was killed from here. */
  readonly ended: (process: MemberProcess, how: string | undefined) => void
}

/** Members on loopback, and a witness, which reads everything and is never harmed. Ends what it has started. */
export class Crew implements AsyncDisposable {
  readonly members: readonly Home[]
  readonly witness: Home
  readonly #options: CrewOptions
  readonly #network = randomId()
  readonly #root: string
  #isOver = false

  static async create(options: CrewOptions): Promise<Crew> {
    return new Crew(options, await mkdtemp(join(tmpdir(), 'mosaik-collections-')))
  }

  private constructor(options: CrewOptions, root: string) {
    const { members, inMemory, reads } = options
    this.#options = options
    this.#root = root
    this.members = Array.from({ length: members }, (_, i) =>
      vacant({ label: `m${i + 1}`, isWitness: false, isInMemory: i >= members - inMemory, reads: reads[i] ?? [] }),
    )
    this.witness = vacant({ label: 'witness', isWitness: true, isInMemory: true, reads: KINDS })
  }

  get all(): readonly Home[] {
    return [this.witness, ...this.members]
  }

  /** Those that have been started and not killed; some may stand still. */
  get running(): readonly Home[] {
    return this.members.filter(({ process }) => process?.isKilled === false)
  }

  launch(home: Home): MemberProcess | undefined {
    if (this.#isOver) return undefined
    const { hear, ended, lanes, timeout } = this.#options
    const identity = `${home.label}-${home.identity}`
    const process = new MemberProcess(
      {
        network: this.#network,
        name: `${home.label}.${++home.lives}`,
        identity: `${this.#network} ${identity}`,
        bootstrap: this.all.flatMap((other) => (other === home || other.address === undefined ? [] : [other.address])),
        ...(!home.isInMemory && { directory: join(this.#root, identity) }),
        reads: home.reads,
        lanes,
        timeout,
        isWitness: home.isWitness,
      },
      (told) => {
        if (told.type === 'started') [home.id, home.address] = [told.id, told.address]
        if (told.type === 'online') home.isOnline = true
        if (told.type === 'stopped') home.hasStopped = true
        hear(home, process, told)
      },
    )
    void process.over.then((how) => ended(process, how))
    home.process = process
    return process
  }

  /** Its next life is another peer, with an empty disk. Of a killed one. */
  async wipe(home: Home): Promise<void> {
    await rm(join(this.#root, `${home.label}-${home.identity}`), { recursive: true, force: true })
    home.identity++
  }

  /** Resolves when all that it said has been heard. */
  async kill(home: Home): Promise<void> {
    home.isOnline = false
    await home.process?.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await Promise.all(this.all.map((home) => this.kill(home)))
    await rm(this.#root, { recursive: true, force: true })
  }
}

function vacant(home: Pick<Home, 'label' | 'isWitness' | 'isInMemory' | 'reads'>): Home {
  const life = { process: undefined, id: undefined, address: undefined, isOnline: false, hasStopped: false }
  return { ...home, identity: 1, lives: 0, ...life }
}
