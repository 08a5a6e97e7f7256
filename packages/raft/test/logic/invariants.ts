import type { Effect } from '../../src/logic/effects.ts'
import type { Entry } from '../../src/logic/entry.ts'
import { textOf } from './cluster.ts'
import type { Cluster, Node } from './cluster.ts'

interface Fact {
  readonly term: number
  readonly hash: number
  /** The term in which it was first seen committed. */
  readonly by: number
}

/** What Raft promises, checked of a cluster while it runs. */
export class Invariants {
  readonly #leaders = new Map<string, string>()
  readonly #committed: Fact[] = []
  /** Commands that the leader has seen committed. */
  readonly acknowledged = new Set<string>()
  trace = 0

  constructor(cluster: Cluster) {
    cluster.watch = (node, effect) => this.#see(node, effect)
  }

  #see(node: Node, effect: Effect): void {
    const { state } = node.core
    this.trace = (Math.imul(this.trace, 31) + effect.type.length + node.name.charCodeAt(0) + state.term * 7 + state.commit) | 0
    if (effect.type === 'role' && effect.role === 'leader') this.#leads(node)
    if (effect.type === 'committed') this.#commits(node, effect.index)
    if (effect.type === 'apply' && state.role === 'leader') this.#acknowledge(effect.entries)
    // A newcomer that never got anything may give up, and come back as another.
    if (effect.type === 'breach' && state.commit === 0) return
    if (effect.type === 'breach' || effect.type === 'diverged' || effect.type === 'fatal') {
      throw new Error(`${node.name}: ${effect.type}: ${state.halted}`)
    }
  }

  /** Election safety, and leader completeness. */
  #leads(node: Node): void {
    const { state } = node.core
    const name = `${state.lineage?.id}/${state.term}`
    const former = this.#leaders.get(name)
    if (former !== undefined && former !== node.name) throw new Error(`term ${state.term} has two leaders: ${former} and ${node.name}`)
    this.#leaders.set(name, node.name)
    for (let index = state.log.base.index + 1; index < this.#committed.length; index++) {
      const fact = this.#committed[index]
      // A leader of an earlier term, elected late by votes that were long on their way, need not have it.
      if (fact !== undefined && fact.by < state.term && state.log.termAt(index) !== fact.term) {
        throw new Error(`leader ${node.name} of term ${state.term} lacks the committed entry ${index}`)
      }
    }
  }

  /** State machine safety: what is committed at an index is the same everywhere, for ever. The hash covers all before it. */
  #commits(node: Node, upTo: number): void {
    const { log, term: by } = node.core.state
    for (let index = Math.max(log.base.index, 1); index <= upTo; index++) {
      const term = log.termAt(index)
      const hash = log.hashAt(index)
      if (term === undefined || hash === undefined) continue
      const fact = this.#committed[index]
      if (fact === undefined) this.#committed[index] = { term, hash, by }
      else if (fact.term !== term || fact.hash !== hash) throw new Error(`${node.name} committed another entry at ${index}`)
    }
  }

  #acknowledge(entries: readonly Entry[]): void {
    for (const { data } of entries)
      if (data.kind === 'commands') for (const payload of data.payloads) this.acknowledged.add(textOf(payload))
  }
}

/** Same index and term: same entry, and same everything before it (the running hash says so). */
export function checkLogMatching(nodes: readonly Node[]): void {
  for (const a of nodes) {
    for (const b of nodes) {
      if (a.name >= b.name) continue
      const [x, y] = [a.core.state.log, b.core.state.log]
      let agrees = false
      for (let index = Math.min(x.lastIndex, y.lastIndex); index > Math.max(x.base.index, y.base.index); index--) {
        const isSame = x.termAt(index) === y.termAt(index)
        if (isSame && x.hashAt(index) !== y.hashAt(index)) throw new Error(`logs of ${a.name} and ${b.name} differ below ${index}`)
        if (agrees && !isSame) throw new Error(`logs of ${a.name} and ${b.name} agree above ${index} and not there`)
        agrees ||= isSame
      }
    }
  }
}
