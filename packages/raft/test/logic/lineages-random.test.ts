import { seededPrng } from '@mosaik/core'
import { expect, test } from 'vitest'
import { Cluster, textOf } from './cluster.ts'
import type { Node, NodeOptions } from './cluster.ts'

const seeds = Number(process.env['RAFT_SEEDS'] ?? 60)
const first = Number(process.env['RAFT_FIRST_SEED'] ?? 1)
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

/** In-memory nodes found, die, come back as others, part and meet; what each lineage commits is checked within that lineage. */
class Histories {
  readonly #cluster: Cluster
  readonly #facts = new Map<string, string>()
  readonly #leaders = new Map<string, string>()
  readonly committed = new Map<string, Set<string>>()
  readonly handedOver = new Set<string>()
  breaches = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    cluster.watch = (node, effect) => {
      const { state } = node.core
      const lineage = state.lineage?.id ?? '-'
      if (effect.type === 'role' && effect.role === 'leader') {
        const name = `${lineage}/${state.term}`
        const leader = `${node.name}/${node.member.incarnation}`
        if ((this.#leaders.get(name) ?? leader) !== leader) throw new Error(`two leaders of ${name}`)
        this.#leaders.set(name, leader)
      }
      if (effect.type === 'committed') this.#commits(node, lineage, effect.index)
      if (effect.type === 'superseded') {
        for (const { data } of effect.entries)
          if (data.kind === 'commands') for (const each of data.payloads) this.handedOver.add(textOf(each))
      }
      if (effect.type === 'breach') this.breaches++
      if (effect.type === 'fatal' || effect.type === 'diverged') throw new Error(`${node.name}: ${effect.type}: ${state.halted}`)
    }
  }

  #commits(node: Node, lineage: string, upTo: number): void {
    const { log } = node.core.state
    for (let index = Math.max(log.base.index, 1); index <= upTo; index++) {
      const fact = `${log.termAt(index)} ${log.hashAt(index)}`
      const name = `${lineage}/${index}`
      if ((this.#facts.get(name) ?? fact) !== fact)
        throw new Error(`${node.name} committed another entry at ${index} of ${lineage.slice(0, 6)}`)
      this.#facts.set(name, fact)
      const data = log.entryAt(index)?.data
      if (data?.kind !== 'commands') continue
      for (const payload of data.payloads)
        this.committed.set(textOf(payload), (this.committed.get(textOf(payload)) ?? new Set()).add(lineage))
    }
  }

  /** What a driver does: whoever must comes back as somebody else. */
  rejoin(options: NodeOptions): void {
    for (const node of this.#cluster.live) {
      const { halted } = node.core.state
      if (halted !== undefined) this.#cluster.restart(node.name, options, false)
    }
  }
}

function history(seed: number): { readonly commands: number; readonly breaches: number } {
  const prng = seededPrng(`lineages ${seed}`)
  // In every third history nobody dies: then whatever was committed is there in the end, or was handed over.
  const isDeadly = seed % 3 !== 0
  const cluster = new Cluster(`lineages ${seed}`)
  const histories = new Histories(cluster)
  const options: NodeOptions = { durable: false, timing: { recoveryTimeout: 3_000, memberGrace: 2_000, bootstrapDelay: 500 } }
  const count = 3 + Math.floor(prng.float() * 4)
  for (const name of NAMES.slice(0, count)) {
    cluster.add(name, prng.float() < 0.15 && name !== 'a' ? { ...options, preference: 'observer' } : options)
  }
  let commands = 0
  const pairs = (act: (a: string, b: string) => void): void => {
    for (const a of cluster.live) for (const b of cluster.live) if (a.name < b.name) act(a.name, b.name)
  }
  const bond = (a: string, b: string): void => {
    const observers = [a, b].filter((name) => cluster.node(name).options.preference === 'observer')
    if (observers.length < 2) cluster.bond(a, b)
  }
  for (let turn = 0; turn < 60; turn++) {
    const chance = prng.float()
    const node = [...cluster.nodes.values()][Math.floor(prng.float() * count)] as Node
    if (chance < 0.3) for (const each of cluster.live) cluster.propose(each.name, `${each.name}${commands++}`)
    else if (chance < 0.4) {
      const side = new Set(cluster.live.filter(() => prng.float() < 0.5).map((each) => each.name))
      pairs((a, b) => side.has(a) !== side.has(b) && cluster.unbond(a, b))
    } else if (chance < 0.55) pairs(bond)
    else if (isDeadly && chance < 0.62 && node.isUp) cluster.crash(node.name)
    else if (chance < 0.75 && !node.isUp) cluster.restart(node.name, optionsOf(node), false)
    cluster.tick(100 + Math.floor(prng.float() * 1_500))
    histories.rejoin(options)
  }
  for (const node of [...cluster.nodes.values()]) if (!node.isUp) cluster.restart(node.name, optionsOf(node), false)
  for (let i = 0; i < 60; i++) {
    pairs(bond)
    cluster.tick(500)
    histories.rejoin(options)
  }
  settle(cluster, histories, isDeadly)
  return { commands: histories.committed.size, breaches: histories.breaches }
}

function optionsOf(node: Node): NodeOptions {
  const { preference, durable, timing } = node.options
  return { preference, durable, timing }
}

function settle(cluster: Cluster, histories: Histories, isDeadly: boolean): void {
  const lineages = new Set(cluster.live.map((node) => node.core.state.lineage?.id))
  const status = cluster.live.map((node) => {
    const { role, lineage, leader, commit, log } = node.core.state
    return `${node.name} ${role} ${lineage?.id.slice(0, 4)} ${leader} ${commit}/${log.lastIndex} {${log.configuration.voters.map((v) => v.peerId + v.incarnation).join(' ')}}`
  })
  if (lineages.size !== 1) throw new Error(`${lineages.size} lineages remain: ${status.join('; ')}`)
  const leader = cluster.leader()
  if (leader === undefined) throw new Error(`no leader: ${status.join('; ')}`)
  const there = new Set(leader.applied.map((each) => each.text))
  for (const node of cluster.live) {
    const own = node.applied.map((each) => each.text).join(' ')
    if (own !== leader.applied.map((each) => each.text).join(' '))
      throw new Error(`${node.name} differs from ${leader.name}: ${status.join('; ')}`)
  }
  if (isDeadly) return
  const lost = [...histories.committed.keys()].filter((command) => !there.has(command) && !histories.handedOver.has(command))
  if (lost.length > 0) throw new Error(`committed, and neither there nor handed over: ${lost.join(' ')} (${histories.breaches} breaches)`)
}

test(`${seeds} random histories of many lineages end in one`, { timeout: 20_000 + seeds * 2_000 }, () => {
  const failures: string[] = []
  let commands = 0
  let breaches = 0
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      const result = history(seed)
      commands += result.commands
      breaches += result.breaches
    } catch (error) {
      failures.push(`RAFT_FIRST_SEED=${seed} RAFT_SEEDS=1: ${(error as Error).message}`)
    }
  }
  expect(failures.slice(0, 8)).toEqual([])
  expect(commands).toBeGreaterThan(seeds)
  expect(breaches).toBeLessThan(seeds)
})
