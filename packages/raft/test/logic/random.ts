import { seededPrng } from '@mosaik/core'
import type { Prng } from '@mosaik/core'
import { Cluster } from './cluster.ts'
import type { Node, NodeOptions } from './cluster.ts'
import { checkLogMatching, Invariants } from './invariants.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

interface Drawn {
  readonly cluster: Cluster
  readonly prng: Prng
  readonly options: NodeOptions
  readonly loss: number
  readonly duplicates: number
  readonly reorder: number
  readonly crashes: number
  proposed: number
}

/** Draws a cluster and its misfortunes from a seed, lets them happen, heals all, and checks that nothing was lost. */
export function campaignOf(seed: number, turns: number): { readonly acknowledged: number; readonly trace: number } {
  const prng = seededPrng(`campaign ${seed}`)
  const cluster = new Cluster(`campaign ${seed}`)
  const invariants = new Invariants(cluster)
  const small = prng.float() < 0.5
  const timing = { bootstrapDelay: Infinity }
  const options: NodeOptions = small
    ? { timing, limits: { frameEntries: 4, window: 3, snapshotEntries: 25, tailEntries: 10, uncommittedEntries: 100 } }
    : { timing }
  const drawn: Drawn = {
    cluster,
    prng,
    options,
    loss: prng.float() * 0.2,
    duplicates: prng.float() * 0.1,
    reorder: prng.float() * 0.5,
    crashes: prng.float() * 0.02,
    proposed: 0,
  }
  cluster.tellsHeard = prng.float() < 0.5
  const members = 3 + Math.floor(prng.float() * 3)
  cluster.found(NAMES.slice(0, members), options)
  for (const node of cluster.live) node.isLazy = prng.float() < 0.5
  for (let turn = 0; turn < turns; turn++) {
    happen(drawn)
    if (turn % 50 === 0) checkLogMatching(cluster.live)
  }
  heal(drawn)
  cluster.tick(15_000)
  cluster.propose(cluster.leader()?.name ?? '', 'the end')
  cluster.tick(1_000)
  check(cluster, invariants)
  return { acknowledged: invariants.acknowledged.size, trace: invariants.trace }
}

function happen(drawn: Drawn): void {
  const { cluster, prng } = drawn
  const chance = prng.float()
  const node = pick(prng, [...cluster.nodes.values()])
  if (chance < 0.3) tickSome(drawn)
  else if (chance < 0.5) proposeSome(drawn, node)
  else if (chance < 0.52) partition(drawn)
  else if (chance < 0.54) cluster.blocked.clear()
  else if (chance < 0.54 + drawn.crashes) crashOrRestart(drawn, node)
  else if (chance < 0.57) churn(drawn)
  else if (chance < 0.58) cluster.step(node, { type: 'transfer' })
  else if (chance < 0.6) bondSome(drawn)
  deliverSome(drawn)
  for (const each of cluster.live) if (each.isLazy && prng.float() < 0.3) cluster.storeAll(each)
}

function tickSome({ cluster, prng }: Drawn): void {
  for (const node of cluster.live) if (prng.float() < 0.9) cluster.pass(node, 20 + Math.floor(prng.float() * 80))
}

function proposeSome(drawn: Drawn, node: Node): void {
  if (!node.isUp) return
  const commands: string[] = []
  for (let i = 0; i <= drawn.prng.float() * 4; i++) commands.push(`c${drawn.proposed++}`)
  drawn.cluster.propose(node.name, ...commands)
}

function deliverSome({ cluster, prng, loss, duplicates, reorder }: Drawn): void {
  const count = Math.floor(prng.float() * 12)
  for (let i = 0; i < count && cluster.packets.length > 0; i++) {
    const at = prng.float() < reorder ? Math.floor(prng.float() * cluster.packets.length) : 0
    const [packet] = cluster.packets.splice(at, 1)
    if (packet === undefined) return
    const isSafe = packet.message.type === 'hello'
    if (!isSafe && prng.float() < loss) continue
    if (prng.float() < duplicates) cluster.packets.push(packet)
    cluster.deliver(packet)
  }
}

function partition({ cluster, prng }: Drawn): void {
  for (const from of cluster.nodes.keys()) {
    for (const to of cluster.nodes.keys()) {
      if (from === to || prng.float() > 0.4) continue
      if (prng.float() < 0.3) cluster.unbond(from, to)
      else cluster.blocked.add(`${from}>${to}`)
    }
  }
}

function bondSome({ cluster, prng }: Drawn): void {
  for (const a of cluster.live) for (const b of cluster.live) if (a.name < b.name && prng.float() < 0.7) cluster.bond(a.name, b.name)
}

function crashOrRestart(drawn: Drawn, node: Node): void {
  const { cluster, prng, options } = drawn
  if (node.isUp) return cluster.crash(node.name)
  cluster.restart(node.name, options, true).isLazy = prng.float() < 0.5
}

/** Somebody new; or somebody with another life, once all is well: what was acknowledged must survive on a majority. */
function churn(drawn: Drawn): void {
  const { cluster, prng, options } = drawn
  const fresh = NAMES.find((name) => !cluster.nodes.has(name))
  if (prng.float() < 0.3 && fresh !== undefined) return void cluster.add(fresh, options)
  const leader = cluster.leader()
  if (leader === undefined || !isWell(cluster, leader)) return
  const others = cluster.live.filter((node) => node !== leader)
  if (others.length > 1) cluster.restart(pick(prng, others).name, options, false)
}

/** The leader's configuration is committed, names only who lives, and all of them have everything. */
function isWell(cluster: Cluster, leader: Node): boolean {
  const { log, commit, peers } = leader.core.state
  if (commit < log.lastIndex) return false
  return log.configuration.voters.every((voter) => {
    const node = cluster.nodes.get(voter.peerId)
    if (node === leader) return true
    return (
      node?.isUp === true && node.member.incarnation === voter.incarnation && peers.get(voter.peerId)?.progress?.match === log.lastIndex
    )
  })
}

function heal({ cluster, options }: Drawn): void {
  cluster.blocked.clear()
  for (const node of [...cluster.nodes.values()]) {
    const { halted } = node.core.state
    if (!node.isUp || halted !== undefined) cluster.restart(node.name, options, halted === undefined)
  }
  for (const node of cluster.live) node.isLazy = false
  for (const node of cluster.live) cluster.storeAll(node)
  for (const a of cluster.live) for (const b of cluster.live) if (a.name < b.name) cluster.bond(a.name, b.name)
}

function check(cluster: Cluster, invariants: Invariants): void {
  checkLogMatching(cluster.live)
  const leader = cluster.leader()
  if (leader === undefined) throw new Error('no leader after all has healed')
  const applied = leader.applied.map((each) => each.text)
  const there = new Set(applied)
  if (!there.has('the end')) throw new Error('nothing can be written after all has healed')
  for (const command of invariants.acknowledged) if (!there.has(command)) throw new Error(`the acknowledged command ${command} is lost`)
  for (const node of cluster.live) {
    const own = node.applied.map((each) => `${each.index} ${each.text}`).join('\n')
    const leaders = leader.applied.map((each) => `${each.index} ${each.text}`).join('\n')
    if (own !== leaders) {
      const { log, commit, role, lineage } = node.core.state
      const detail = `${node.applied.length} of ${leader.applied.length} applied, log ${log.first}…${log.lastIndex}, commit ${commit}, ${role} ${lineage?.id.slice(0, 4)}`
      throw new Error(`${node.name} has another state than the leader ${leader.name}: ${detail}`)
    }
  }
}

function pick<T>(prng: Prng, list: readonly T[]): T {
  return list[Math.floor(prng.float() * list.length)] as T
}
