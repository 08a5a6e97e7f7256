import { seededPrng } from '@mosaik/core'
import type { PeerId } from '@mosaik/core'
import type { Voter } from '../../src/logic/configuration.ts'
import type { EntryData } from '../../src/logic/entry.ts'
import { Cluster, commandOf, LINEAGE } from '../logic/cluster.ts'
import type { Node, NodeOptions, Packet } from '../logic/cluster.ts'
import { effectText, Lineages, logText, packetText, statusText } from './describe.ts'

type Words = readonly string[]

const DEFAULTS: NodeOptions = { timing: { electionTimeout: 1_000, electionJitter: 1_000, bootstrapDelay: Infinity } }
/** Nodes lose patience in the order of their names: no chance, and no ties. */
const STEP = 0.1

/**
 * Runs one script: blocks of commands, a line `----`, what they say. Time, delivery and disks move only when a command
 * moves them, so every interleaving of a paper's figure can be written down.
 */
export class ScriptRunner {
  readonly #cluster: Cluster
  readonly #lineages = new Lineages()
  #lines: string[] = []
  #isTracing = false
  readonly #given: { readonly name: string; readonly terms: readonly number[] }[] = []
  #options: NodeOptions = DEFAULTS

  constructor(name: string) {
    this.#cluster = new Cluster(name)
    this.#cluster.prngFor = (node) => {
      const turn = 1 + [...this.#cluster.nodes.keys(), node].indexOf(node)
      return { ...seededPrng(node), float: () => Math.min(turn * STEP, 0.99) }
    }
    this.#cluster.watch = (node, effect) => {
      const text = effectText(node, effect, this.#lineages)
      if (text !== undefined) this.#lines.push(text)
    }
  }

  /** What one command line says. */
  run(line: string): string[] {
    const [command = '', ...words] = line.trim().split(/\s+/)
    this.#lines = []
    const handler = this.#commands[command]
    if (handler === undefined) throw new Error(`no command ${command}: ${Object.keys(this.#commands).join(', ')}`)
    handler(words)
    return this.#lines
  }

  readonly #commands: Record<string, (words: Words) => void> = {
    // Settings of nodes that are added from here on: option value …
    options: (words) => void (this.#options = merge(this.#options, words)),
    // Nodes that share a lineage, all of them voters.
    found: (names) => this.#quietly(() => this.#cluster.found(names, this.#options)),
    // A node with nothing, bonded with all.
    add: ([name = '', ...rest]) => void this.#cluster.add(name, merge(this.#options, rest)),
    // A voter with this log, given as the terms of its entries: the first is the founding entry.
    given: ([name = '', ...terms]) => this.#given.push({ name, terms: terms.map(Number) }),
    // Adds those that were given, all of them in this term.
    begin: ([term]) => this.#quietly(() => this.#begin(Number(term))),
    // Time for one node or all, 50 ms at a time; nothing is delivered.
    pass: ([who, ms]) => this.#pass(who, Number(ms)),
    // Time and delivery for all.
    tick: ([ms]) => this.#cluster.tick(Number(ms)),
    // Time until the node stands for election; nothing is delivered.
    campaign: ([name = '']) => this.#campaign(this.#cluster.node(name)),
    // Delivers what waits now and matches: from, to, type.
    deliver: (words) => this.#deliver(words),
    drop: (words) => {
      for (const packet of this.#cluster.discard((each) => matches(each, words))) this.#say(`drops ${packetText(packet, this.#lineages)}`)
    },
    // Delivers until nothing is on its way; with a word, only between these nodes.
    stabilize: (names) => this.#stabilize(names),
    propose: ([name = '', ...commands]) => this.#cluster.propose(name, ...commands),
    // One entry with several commands.
    batch: ([name = '', ...commands]) => {
      const payloads = commands.flatMap((command) => commandOf(command).payloads)
      const data = { ...commandOf(''), payloads }
      this.#cluster.step(this.#cluster.node(name), { type: 'propose', proposals: [{ id: 0, data, again: true }] })
    },
    read: ([name = '']) => this.#cluster.step(this.#cluster.node(name), { type: 'read', id: 1 }),
    transfer: ([name = '', to]) => this.#cluster.step(this.#cluster.node(name), { type: 'transfer', to: to as PeerId | undefined }),
    close: ([name = '']) => this.#cluster.step(this.#cluster.node(name), { type: 'close' }),
    bond: ([a = '', b = '']) => this.#cluster.bond(a, b),
    unbond: ([a = '', b = '']) => this.#cluster.unbond(a, b),
    // Packets from a to b vanish: a>b
    block: (pairs) => pairs.forEach((pair) => this.#cluster.blocked.add(pair)),
    unblock: () => this.#cluster.blocked.clear(),
    crash: (names) => names.forEach((name) => this.#cluster.crash(name)),
    // With its disk, or as a new member.
    restart: ([name = '', how]) => void this.#cluster.restart(name, this.#options, how !== 'empty'),
    // Writes, and the installing of snapshots, wait for `store` from now on.
    lazy: (names) => names.forEach((name) => (this.#cluster.node(name).isLazy = true)),
    store: (names) => names.forEach((name) => this.#cluster.storeAll(this.#cluster.node(name))),
    // A log that no correct member would have.
    corrupt: ([name = '', index = '', text = '', term]) => corrupt(this.#cluster.node(name), Number(index), text, term),
    // A machine that is not what its log makes it.
    taint: ([name = '', ...texts]) => texts.forEach((text) => this.#cluster.node(name).applied.push({ index: 0, text })),
    log: (names) => this.#each(names, (node) => this.#say(logText(node, this.#lineages))),
    status: (names) => this.#each(names, (node) => this.#say(statusText(node, this.#lineages))),
    applied: (names) => this.#each(names, (node) => this.#say(`${node.name}: ${node.applied.map((each) => each.text).join(' ')}`)),
    packets: () => this.#cluster.packets.forEach((packet) => this.#say(packetText(packet, this.#lineages))),
    // Shows packets as they are delivered.
    trace: ([on]) => void (this.#isTracing = on !== 'off'),
  }

  #say(line: string): void {
    this.#lines.push(line)
  }

  #quietly(act: () => void): void {
    act()
    this.#cluster.stabilize()
    this.#lines = []
  }

  #begin(term: number): void {
    const voters: Voter[] = this.#given.map(({ name }) => ({ peerId: name as PeerId, incarnation: '1', durable: true }))
    const founder = { peerId: voters[0]?.peerId as PeerId, incarnation: '1' }
    const founding: EntryData = { kind: 'founding', lineage: LINEAGE, founder, configuration: { voters } }
    for (const { name, terms } of this.#given) {
      const entries = terms.map((each, i) => ({ index: i + 1, term: each, data: i === 0 ? founding : commandOf(`${each}/${i + 1}`) }))
      const hardState = { lineage: { id: LINEAGE }, term, vote: undefined, commit: 1 }
      this.#cluster.add(name, this.#options, { hardState, snapshot: undefined, first: 1, entries })
    }
  }

  #each(names: Words, act: (node: Node) => void): void {
    for (const node of this.#cluster.nodes.values()) if (names.length === 0 || names.includes(node.name)) act(node)
  }

  #pass(who: string | undefined, ms: number): void {
    for (let passed = 0; passed < ms; passed += 50) {
      for (const node of this.#cluster.live) if (who === 'all' || node.name === who) this.#cluster.step(node, { type: 'tick', elapsed: 50 })
    }
  }

  #campaign(node: Node): void {
    for (let i = 0; i < 1_000 && node.core.state.role === 'follower'; i++) this.#cluster.step(node, { type: 'tick', elapsed: 50 })
  }

  #deliver(words: Words): void {
    for (const packet of this.#cluster.discard((each) => matches(each, words))) this.#hand(packet, true)
  }

  #hand(packet: Packet, isShown: boolean): void {
    if (isShown) this.#say(packetText(packet, this.#lineages))
    this.#cluster.deliver(packet)
  }

  #stabilize(names: Words): void {
    for (let i = 0; i < 100_000; i++) {
      const [packet] = takeFirst(
        this.#cluster.packets,
        (each) => names.length === 0 || (names.includes(each.from) && names.includes(each.to)),
      )
      if (packet === undefined) return
      this.#hand(packet, this.#isTracing)
    }
  }
}

function takeFirst(packets: Packet[], which: (packet: Packet) => boolean): Packet[] {
  const found = packets.findIndex(which)
  return found < 0 ? [] : packets.splice(found, 1)
}

/** `from a to b type append`, each optional. */
function matches(packet: Packet, words: Words): boolean {
  for (let i = 0; i + 1 < words.length; i += 2) {
    const actual = { from: packet.from, to: packet.to, type: packet.message.type }[words[i] ?? '']
    if (actual !== words[i + 1]) return false
  }
  return true
}

function merge(options: NodeOptions, words: Words): NodeOptions {
  let merged = options
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [name, text] = [words[i] ?? '', words[i + 1] ?? '']
    const value = Number(text)
    if (name === 'preference') merged = { ...merged, preference: text === 'reluctant' ? { reluctant: 3 } : (text as 'observer') }
    else if (name === 'durable') merged = { ...merged, durable: text === 'yes' }
    else if (name === 'maxVoters' || name === 'minMembers') merged = { ...merged, [name]: value }
    else if (name.endsWith('Timeout') || name.endsWith('Delay') || name.endsWith('Grace'))
      merged = { ...merged, timing: { ...merged.timing, [name]: value } }
    else merged = { ...merged, limits: { ...merged.limits, [name]: value } }
  }
  return merged
}

function corrupt(node: Node, index: number, text: string, term: string | undefined): void {
  const { log } = node.core.state
  const entries = log.slice(index, log.lastIndex)
  log.truncate(index)
  for (const entry of entries)
    log.append(entry.index === index ? { ...entry, term: Number(term ?? entry.term), data: commandOf(text) } : entry)
}
