import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import type { GroupOptions } from '../../roles/group.ts'

const MEMBERS = 3
/** From the spawn of a process to its first word. */
const START_MS = 30_000
const FORMATION_MS = 120_000

/** Members of a group, each a process. */
export class Members implements AsyncDisposable {
  readonly children: Child[] = []
  readonly #row: string
  #bootstrap: readonly string[] = []

  constructor(row: string) {
    this.#row = row
  }

  get pids(): readonly number[] {
    return this.children.map(({ pid }) => pid)
  }

  /** One more, that knows `options.bootstrap` or the first one. */
  start(options: Partial<GroupOptions>): Child {
    const child = startChild(this.#row, 'group', { bootstrap: this.#bootstrap, ...options })
    this.children.push(child)
    return child
  }

  /** One more: it listens when this resolves, and says `ready` by itself. */
  async add(options: Partial<GroupOptions>): Promise<Child> {
    const child = this.start(options)
    const { addresses } = await child.next<{ addresses: readonly string[] }>('listening', START_MS)
    if (this.#bootstrap.length === 0) this.#bootstrap = addresses
    return child
  }

  /** How many groups each leads, once all are formed. */
  async led(): Promise<readonly number[]> {
    return (await this.#ready()).map(({ led }) => led)
  }

  /** Who leads (the first of the groups), and who does not. Waits until all are ready. */
  async roles(): Promise<{ readonly leader: Child; readonly follower: Child }> {
    const ready = await this.#ready()
    const leader = this.children[ready.findIndex(({ leads }) => leads)]
    const follower = this.children[ready.findIndex(({ leads }) => !leads)]
    if (leader === undefined || follower === undefined) throw new Error(`${this.#row}: no leader among ${this.children.length} members`)
    return { leader, follower }
  }

  #ready(): Promise<{ readonly leads: boolean; readonly led: number }[]> {
    return Promise.all(this.children.map((child) => child.next<{ leads: boolean; led: number }>('ready', FORMATION_MS)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()))
  }
}

/** Three members. `options` of each by its number. */
export async function startMembers(row: string, options: (n: number) => Partial<GroupOptions> = () => ({})): Promise<Members> {
  const members = new Members(row)
  try {
    for (let n = 0; n < MEMBERS; n += 1) await members.add(options(n))
    return members
  } catch (error) {
    await members[Symbol.asyncDispose]()
    throw error
  }
}
