import { check } from '@mosaik/core'
import { Cluster } from './sim-group/cluster.ts'
import type { SimGroup, SimGroupOptions, SimMachine } from './sim-group/types.ts'

const MOST = 1_000

/**
 * A group in a simulated world, in which a minute of faults takes a few seconds: members on machines of their own, settled. Rejects
 * `ERR_INVALID_OPTION`, and `ERR_TIMEOUT` when they do not settle.
 *
 * ```ts
 * await using cluster = await simGroup({ machine: () => new Counter(), members: 5, seed: 7 })
 * const leader = await cluster.leader()
 * cluster.crash(leader)
 * const [first] = cluster.running
 * await cluster.run(first.group.execute(1)) // time passes only while the cluster is asked to wait
 * await cluster.restart(leader)
 * await cluster.converged() // all follow one leader, and all states are the same
 * ```
 */
export async function simGroup<M extends SimMachine>(options: SimGroupOptions<M>): Promise<SimGroup<M>> {
  const members = check.integer('members', options.members, { min: 0, max: MOST, default: 3 })
  const observers = check.integer('observers', options.observers, { min: 0, max: MOST, default: 0 })
  const cluster = new Cluster(options)
  try {
    for (let i = 0; i < members; i++) await cluster.add()
    for (let i = 0; i < observers; i++) await cluster.add({ preference: 'observer' })
    if (members > 0) await cluster.settled()
  } catch (error) {
    await cluster.world.close()
    throw error
  }
  return cluster
}
