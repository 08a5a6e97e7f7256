import type { StateMachine } from '@mosaik/raft'
import { simGroup, stateMachineSuite } from '@mosaik/raft/testing'
import { describe, expect, it } from 'vitest'

interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
}
type Balances = readonly (readonly [name: string, balance: number])[]

/** Money moves from account to account, and none comes or goes. */
class Accounts implements StateMachine<Transfer, string, number, boolean, Balances> {
  readonly name = 'accounts'
  #balances = new Map([
    ['ann', 100],
    ['bob', 100],
    ['eve', 100],
  ])

  get total(): number {
    return [...this.#balances.values()].reduce((sum, balance) => sum + balance, 0)
  }

  /** What cannot be carried out is said in the reply, and never thrown. */
  apply({ from, to, amount }: Transfer): boolean {
    const [source, target] = [this.#balances.get(from), this.#balances.get(to)]
    if (source === undefined || target === undefined || from === to || amount < 0 || source < amount) return false
    this.#balances.set(from, source - amount).set(to, target + amount)
    return true
  }
  query(name: string): number {
    return this.#balances.get(name) ?? 0
  }
  snapshot(): Balances {
    return [...this.#balances]
  }
  install(balances: Balances): void {
    this.#balances = new Map(balances)
  }
}

const NAMES = ['ann', 'bob', 'eve', 'nobody']

// Every rule for state machines, with commands drawn by chance.
stateMachineSuite(
  'accounts',
  () => {
    const name = (n: number): string => NAMES[n % NAMES.length] as string
    return {
      create: () => new Accounts(),
      command: (prng) => ({ from: name(prng.uint32()), to: name(prng.uint32()), amount: prng.uint32() % 80 }),
      query: (prng) => name(prng.uint32()),
    }
  },
  { describe, it },
)

// A group of five in virtual time, whose leader is killed again and again. Each seed is another history, and always the same one.
it.each([1, 2, 3, 4, 5])('no money is lost with a leader: seed %i', async (seed) => {
  await using cluster = await simGroup({ machine: () => new Accounts(), members: 5, seed, loss: 0.02 })
  await cluster.run(async () => {
    let moved = 0
    for (let round = 0; round < 5; round++) {
      const leader = await cluster.leader()
      const clients = cluster.running.filter((member) => member !== leader)
      const transfers = clients.map(({ group }) => group.execute({ from: 'ann', to: 'bob', amount: 1 }))
      await cluster.pass(seed)
      cluster.crash(leader) // maybe with some of the transfers, and before it has told anybody how they went
      for (const { reply } of await Promise.all(transfers)) if (reply) moved += 1
      await cluster.restart(leader)
      await cluster.settled()
    }
    const { machine } = await cluster.converged() // all members have the same state, to the byte
    expect([machine.total, machine.query('bob'), moved]).toEqual([300, 120, 20]) // each exactly once
  })
})
