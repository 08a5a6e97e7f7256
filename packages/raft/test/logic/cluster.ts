import { seededPrng, uniqueId } from '@mosaik/core'
import type { PeerId, Prng } from '@mosaik/core'
import type { Voter } from '../../src/logic/configuration.ts'
import { createCore } from '../../src/logic/core.ts'
import type { Core } from '../../src/logic/core.ts'
import type { Effect, HardState, PersistEffect, Restored, SendEffect } from '../../src/logic/effects.ts'
import type { CommandsData, Entry } from '../../src/logic/entry.ts'
import type { Event } from '../../src/logic/events.ts'
import type { Message } from '../../src/logic/messages.ts'
import { DEFAULT_LIMITS } from '../../src/logic/options.ts'
import type { CoreOptions, Limits, Preference, Timing } from '../../src/logic/options.ts'
import type { SnapshotMeta } from '../../src/logic/snapshot.ts'
import type { LineageId, MemberId } from '../../src/logic/types.ts'
import { validate } from '../../src/logic/validate.ts'

export const LINEAGE = uniqueId('the lineage') satisfies LineageId

export const TIMING: Timing = {
  heartbeatInterval: 100,
  electionTimeout: 1_000,
  electionJitter: 500,
  bootstrapDelay: 1_000,
  memberGrace: 5_000,
  recoveryTimeout: Infinity,
  queryTimeout: 100,
}

export interface NodeOptions {
  readonly preference?: Preference
  readonly durable?: boolean
  readonly timing?: Partial<Timing>
  readonly limits?: Partial<Limits>
  readonly maxVoters?: number
  readonly minMembers?: number
}

/** What survives a crash. */
export interface Disk {
  hardState: HardState
  snapshot: SnapshotMeta | undefined
  first: number
  entries: Entry[]
}

/** One command as it was applied. */
export interface Applied {
  readonly index: number
  readonly text: string
}

export interface Packet {
  readonly from: string
  readonly to: string
  readonly message: Message
}

const BLANK: HardState = { lineage: undefined, term: 0, vote: undefined, commit: 0 }
const utf8 = new TextEncoder()
const text = new TextDecoder()

/** A core with a disk and a machine that remembers everything, driven by hand. */
export class Node {
  readonly name: string
  readonly options: CoreOptions
  core: Core
  disk: Disk
  /** Of the machine; a snapshot is a prefix of it. */
  applied: Applied[] = []
  isUp = true
  isLazy = false
  isStepping = false
  readonly inbox: Event[] = []
  readonly writes: PersistEffect[] = []
  readonly held: SendEffect[] = []
  storedWrite = 0
  readonly events: Effect[] = []
  readonly snapshots = new Map<number, { readonly meta: SnapshotMeta; readonly applied: Applied[] }>()

  /** A snapshot that is being fetched, on a lazy node. */
  fetching: SnapshotMeta | undefined

  constructor(name: string, incarnation: string, options: NodeOptions, disk: Disk | undefined, prng: Prng) {
    this.name = name
    this.options = {
      me: { peerId: name as PeerId, incarnation },
      groupId: uniqueId('the group'),
      preference: options.preference ?? 'normal',
      durable: options.durable ?? true,
      timing: { ...TIMING, ...options.timing },
      maxVoters: options.maxVoters ?? 5,
      minMembers: options.minMembers ?? 1,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
    }
    this.disk = disk ?? { hardState: BLANK, snapshot: undefined, first: 1, entries: [] }
    const restored: Restored | undefined =
      disk === undefined ? undefined : { hardState: disk.hardState, snapshot: disk.snapshot, entries: [...disk.entries] }
    this.core = createCore(this.options, prng, restored)
  }

  get member(): MemberId {
    return this.options.me
  }

  /** Runs a write. */
  store(): void {
    const write = this.writes.shift()
    if (write === undefined) return
    const { disk } = this
    if (write.truncateFrom !== undefined) disk.entries.length = Math.max(0, write.truncateFrom - disk.first)
    for (const entry of write.entries) if (entry.index >= disk.first) disk.entries[entry.index - disk.first] = entry
    if (write.hardState !== undefined) disk.hardState = write.hardState
    this.storedWrite = write.write
  }
}

/** Cores, and packets between them that move when the test says so. */
export class Cluster {
  readonly nodes = new Map<string, Node>()
  readonly packets: Packet[] = []
  readonly bonds = new Set<string>()
  /** Pairs between which packets vanish. */
  readonly blocked = new Set<string>()
  readonly seed: string
  readonly log: (line: string) => void
  /** Bonds tell when their peer was alive, as long as nothing blocks them. */
  tellsHeard = false
  watch: (node: Node, effect: Effect) => void = () => undefined
  prngFor: (name: string, incarnation: string) => Prng = (name, incarnation) => seededPrng(`${this.seed}/${name}/${incarnation}`)

  constructor(seed: string, log: (line: string) => void = () => undefined) {
    this.seed = seed
    this.log = log
  }

  node(name: string): Node {
    const node = this.nodes.get(name)
    if (node === undefined) throw new Error(`there is no node ${name}`)
    return node
  }

  get live(): Node[] {
    return [...this.nodes.values()].filter((node) => node.isUp)
  }

  /** Nodes that already share a lineage, and bonds between all. */
  found(names: readonly string[], options: NodeOptions = {}): void {
    const voters: Voter[] = names.map((name) => ({ peerId: name as PeerId, incarnation: '1', durable: true }))
    const founder = { peerId: names[0] as PeerId, incarnation: '1' }
    const entry: Entry = { index: 1, term: 1, data: { kind: 'founding', lineage: LINEAGE, founder, configuration: { voters } } }
    for (const name of names) {
      const hardState = { lineage: { id: LINEAGE }, term: 1, vote: undefined, commit: 1 }
      this.add(name, options, { hardState, snapshot: undefined, first: 1, entries: [entry] })
    }
  }

  /** A node, bonded with all that are there. */
  add(name: string, options: NodeOptions = {}, disk?: Disk, incarnation = '1'): Node {
    const node = new Node(name, incarnation, options, disk, this.prngFor(name, incarnation))
    this.nodes.set(name, node)
    this.step(node, { type: 'tick', elapsed: 0 })
    for (const other of this.live) if (other !== node && mayBond(node, other)) this.bond(node.name, other.name)
    return node
  }

  bond(a: string, b: string): void {
    if (this.bonds.has(key(a, b))) return
    this.bonds.add(key(a, b))
    this.step(this.node(a), { type: 'bond-up', member: this.node(b).member })
    this.step(this.node(b), { type: 'bond-up', member: this.node(a).member })
  }

  /** Ends a bond: what is on its way is lost, and both notice. */
  unbond(a: string, b: string): void {
    if (!this.bonds.delete(key(a, b))) return
    this.discard((packet) => key(packet.from, packet.to) === key(a, b))
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.node(one)
      node.held.splice(0, node.held.length, ...node.held.filter((send) => send.to !== other))
      if (node.isUp) this.step(node, { type: 'bond-down', peerId: other as PeerId })
    }
  }

  discard(which: (packet: Packet) => boolean): Packet[] {
    const dropped: Packet[] = []
    for (let i = this.packets.length - 1; i >= 0; i--) {
      if (which(this.packets[i] as Packet)) dropped.unshift(...this.packets.splice(i, 1))
    }
    return dropped
  }

  /** The process dies: writes that were not durable are lost. */
  crash(name: string): void {
    const node = this.node(name)
    node.isUp = false
    node.writes.length = 0
    node.held.length = 0
    this.discard((packet) => packet.to === name || packet.from === name)
    for (const other of this.nodes.keys()) if (other !== name) this.unbond(name, other)
  }

  /** Back with its disk, or as somebody else with nothing. */
  restart(name: string, options: NodeOptions, keepDisk: boolean): Node {
    const old = this.node(name)
    if (old.isUp) this.crash(name)
    if (keepDisk) {
      const node = new Node(name, old.member.incarnation, options, old.disk, this.prngFor(name, old.member.incarnation))
      const snapshot = old.disk.snapshot
      node.applied = snapshot === undefined ? [] : old.applied.filter((each) => each.index <= snapshot.index)
      for (const [index, each] of old.snapshots) node.snapshots.set(index, each)
      this.nodes.set(name, node)
      this.step(node, { type: 'tick', elapsed: 0 })
      for (const other of this.live) if (other !== node && mayBond(node, other)) this.bond(name, other.name)
      return node
    }
    return this.add(name, options, undefined, String(Number(old.member.incarnation) + 1))
  }

  /** One event, and everything that the node itself makes of it. */
  step(node: Node, event: Event): void {
    node.inbox.push(event)
    if (node.isStepping) return
    node.isStepping = true
    for (let next = node.inbox.shift(); next !== undefined; next = node.inbox.shift()) {
      if (!node.isUp) continue
      const effects = node.core.step(next)
      validate(node.core.state)
      for (const effect of effects) {
        this.watch(node, effect)
        this.run(node, effect)
      }
      if (!node.isLazy) this.storeAll(node)
      this.release(node)
    }
    node.isStepping = false
  }

  storeAll(node: Node): void {
    while (node.writes.length > 0) node.store()
    const { fetching } = node
    node.fetching = undefined
    if (fetching !== undefined) this.install(node, fetching)
    const { storedWrite } = node
    if (node.core.state.writes.length > 0 && (node.core.state.writes[0]?.write ?? Infinity) <= storedWrite) {
      this.step(node, { type: 'stored', write: storedWrite })
    }
    this.release(node)
  }

  release(node: Node): void {
    while (node.held.length > 0 && (node.held[0] as SendEffect).after <= node.storedWrite) {
      const { to, message } = node.held.shift() as SendEffect
      this.transmit({ from: node.name, to, message })
    }
  }

  transmit(packet: Packet): void {
    if (!this.bonds.has(key(packet.from, packet.to))) return
    // A bond loses nothing but when it ends; what is dropped here is a harder test. Introductions are said once.
    if (this.blocked.has(`${packet.from}>${packet.to}`) && packet.message.type !== 'hello') return
    this.packets.push(packet)
  }

  deliver(packet: Packet): void {
    const node = this.nodes.get(packet.to)
    if (node?.isUp === true) this.step(node, { type: 'message', from: packet.from as PeerId, message: packet.message })
  }

  /** Until nothing is on its way. */
  stabilize(limit = 100_000): void {
    for (let i = 0; i < limit; i++) {
      const packet = this.packets.shift()
      if (packet === undefined) return
      this.deliver(packet)
    }
    throw new Error('the cluster does not come to rest')
  }

  tick(ms: number, step = 50): void {
    for (let passed = 0; passed < ms; passed += step) {
      for (const node of this.live) this.pass(node, step)
      this.stabilize()
    }
  }

  /** Time for one node. */
  pass(node: Node, elapsed: number): void {
    if (!this.tellsHeard) return this.step(node, { type: 'tick', elapsed })
    const heard = new Map<PeerId, number>()
    for (const { name, isUp } of this.nodes.values()) {
      if (isUp && this.bonds.has(key(node.name, name)) && !this.blocked.has(`${name}>${node.name}`)) heard.set(name as PeerId, 0)
    }
    this.step(node, { type: 'tick', elapsed, heard })
  }

  propose(name: string, ...commands: string[]): void {
    const proposals = commands.map((command, i) => ({ id: i, data: commandOf(command), ...(i === 0 && { again: true as const }) }))
    this.step(this.node(name), { type: 'propose', proposals })
  }

  leader(): Node | undefined {
    let best: Node | undefined
    for (const node of this.live) {
      const { role, term } = node.core.state
      if (role === 'leader' && node.core.state.halted === undefined && term >= (best?.core.state.term ?? 0)) best = node
    }
    return best
  }

  run(node: Node, effect: Effect): void {
    switch (effect.type) {
      case 'persist':
        node.writes.push(effect)
        return
      case 'send':
        // Messages that wait for a write do not hold up those that do not.
        if (effect.after <= node.storedWrite) this.transmit({ from: node.name, to: effect.to, message: effect.message })
        else node.held.push(effect)
        return
      case 'apply':
        for (const entry of effect.entries) {
          if (entry.data.kind !== 'commands') continue
          for (const payload of entry.data.payloads) node.applied.push({ index: entry.index, text: text.decode(payload) })
        }
        return this.step(node, { type: 'applied', index: effect.entries.at(-1)?.index ?? 0 })
      case 'take-snapshot': {
        const { index } = effect.snapshot
        node.snapshots.set(index, { meta: effect.snapshot, applied: [...node.applied] })
        return this.step(node, { type: 'snapshot-taken', index, root: `root of ${node.applied.length}` })
      }
      case 'snapshot-settled':
        node.disk.snapshot = effect.snapshot
        return
      case 'prune': {
        const { disk } = node
        disk.entries.splice(0, effect.upTo + 1 - disk.first)
        disk.first = effect.upTo + 1
        return
      }
      case 'need-snapshot':
        if (node.isLazy) node.fetching = effect.snapshot
        else this.install(node, effect.snapshot)
        return
      default:
        node.events.push(effect)
    }
  }

  install(node: Node, snapshot: SnapshotMeta): void {
    const source = [...this.nodes.values()].find((each) => each.snapshots.get(snapshot.index)?.meta.hash === snapshot.hash)
    const found = source?.snapshots.get(snapshot.index)
    if (found === undefined) return this.step(node, { type: 'snapshot-failed' })
    node.applied = [...found.applied]
    node.snapshots.set(snapshot.index, found)
    const keepsTail = node.disk.entries[snapshot.index - node.disk.first]?.term === snapshot.term
    const tail = keepsTail ? node.disk.entries.slice(snapshot.index + 1 - node.disk.first) : []
    node.disk.snapshot = snapshot
    node.disk.first = snapshot.index + 1
    node.disk.entries = tail
    this.step(node, { type: 'snapshot-installed', snapshot })
  }
}

export function commandOf(command: string): CommandsData {
  return { kind: 'commands', session: 's', number: 1, lowWater: 0, payloads: [utf8.encode(command)] }
}

export function textOf(payload: Uint8Array): string {
  return text.decode(payload)
}

export function key(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}

/** Observers keep to non-observers. */
function mayBond(a: Node, b: Node): boolean {
  return a.options.preference !== 'observer' || b.options.preference !== 'observer'
}
