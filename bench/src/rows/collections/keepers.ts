import { startChild } from '../../child.ts'
import type { Child } from '../../child.ts'
import type { KeeperOptions } from '../../roles/keeper.ts'
import { MEMBERS } from '../../roles/stores.ts'
import type { StoreName } from '../../roles/stores.ts'
import type { Running } from '../groups/contenders.ts'

const START_MS = 30_000
const FORMATION_MS = 120_000

/** Three nodes that keep the same stores, each a process. */
export class Keepers implements AsyncDisposable {
  readonly children: readonly Child[]
  readonly bootstrap: readonly string[]
  /** By store. */
  readonly #leaders: ReadonlyMap<StoreName, Child>

  private constructor(children: readonly Child[], bootstrap: readonly string[], leaders: ReadonlyMap<StoreName, Child>) {
    this.children = children
    this.bootstrap = bootstrap
    this.#leaders = leaders
  }

  /** Resolves when all of them are formed and led. */
  static async start(row: string, stores: readonly StoreName[]): Promise<Keepers> {
    const children: Child[] = []
    try {
      let bootstrap: readonly string[] = []
      for (let n = 0; n < MEMBERS; n += 1) {
        const options: KeeperOptions = { bootstrap, stores }
        const child = startChild(row, 'keeper', { ...options })
        children.push(child)
        const { addresses } = await child.next<{ addresses: readonly string[] }>('listening', START_MS)
        if (n === 0) bootstrap = addresses
      }
      const leaders = new Map<StoreName, Child>()
      for (const child of children) {
        const { leading } = await child.next<{ leading: readonly StoreName[] }>('ready', FORMATION_MS)
        for (const store of leading) leaders.set(store, child)
      }
      return new Keepers(children, bootstrap, leaders)
    } catch (error) {
      await stopAll(children)
      throw error
    }
  }

  /** Who leads it, told to put loads on it from now on. */
  drive(store: StoreName): Running {
    const leader = this.#leaders.get(store)
    if (leader === undefined) throw new Error(`nobody leads ${store}`)
    leader.tell({ type: 'drive', store })
    return { leader, pids: this.children.map(({ pid }) => pid), [Symbol.asyncDispose]: () => this[Symbol.asyncDispose]() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAll(this.children)
  }
}

const stopAll = async (children: readonly Child[]): Promise<void> => void (await Promise.all(children.map((child) => child.stop())))
