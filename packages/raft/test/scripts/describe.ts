import type { Effect } from '../../src/logic/effects.ts'
import type { Entry } from '../../src/logic/entry.ts'
import { textOf } from '../logic/cluster.ts'
import type { Node, Packet } from '../logic/cluster.ts'
import type { Message } from '../../src/logic/messages.ts'
import type { Configuration } from '../../src/logic/configuration.ts'
import type { Cursor } from '../../src/logic/types.ts'
import { standingOf } from '../../src/logic/state.ts'

/** Lineages by letter, in the order in which a script meets them. */
export class Lineages {
  readonly #names = new Map<string, string>()

  name(id: string | undefined): string {
    if (id === undefined) return '-'
    const name = this.#names.get(id) ?? `L${this.#names.size + 1}`
    this.#names.set(id, name)
    return name
  }
}

const at = ({ index, term }: Cursor): string => `${index}@${term}`

function entryText(entry: Entry, lineages: Lineages): string {
  const { data } = entry
  const what = (): string => {
    switch (data.kind) {
      case 'commands':
        return data.payloads.map(textOf).join('+')
      case 'configuration':
        return `{${votersText(data.configuration)}}`
      case 'founding':
        return `founding ${lineages.name(data.lineage)} {${votersText(data.configuration)}}`
      case 'snapshot-root':
        return `root of ${data.mark}`
      case 'meet':
        return `meet ${lineages.name(data.other)}`
      case 'yield':
        return `yield to ${lineages.name(data.to)}`
      default:
        return data.kind
    }
  }
  return `${at(entry)} ${what()}`
}

export function votersText({ voters }: Configuration): string {
  return voters.map((voter) => (voter.incarnation === '1' ? voter.peerId : `${voter.peerId}'${voter.incarnation}`)).join(' ')
}

export function logText(node: Node, lineages: Lineages): string {
  const { log, commit } = node.core.state
  const entries = log.slice(log.first, log.lastIndex).map((entry) => entryText(entry, lineages))
  const below = log.first > 1 ? `…${log.base.index} | ` : ''
  return `${node.name}: ${below}${entries.join(' | ')} (commit ${commit})`
}

export function statusText(node: Node, lineages: Lineages): string {
  const { state } = node.core
  if (!node.isUp) return `${node.name}: down`
  const leader = state.leader === undefined ? 'no leader' : `leader ${state.leader}`
  const halted = state.halted === undefined ? '' : `, halted: ${state.halted.replaceAll(/[0-9a-f]{64}/g, (id) => lineages.name(id))}`
  const where = `${lineages.name(state.lineage?.id)} term ${state.term}, ${leader}, ${state.vote === undefined ? '' : `voted ${state.vote.peerId}, `}last ${at(state.log.last)}, commit ${state.commit}`
  return `${node.name}: ${state.role} (${standingOf(state)}) ${where}, voters {${votersText(state.log.configuration)}}${halted}`
}

export function packetText({ from, to, message }: Packet, lineages: Lineages): string {
  return `${from}>${to} ${message.type} t${message.term}${detail(message, lineages)}`
}

function detail(m: Message, lineages: Lineages): string {
  switch (m.type) {
    case 'hello':
      return ` ${lineages.name(m.lineage)} last ${at(m.last)}`
    case 'vote':
      return ` ${m.pre ? 'pre ' : ''}for t${m.campaign} last ${at(m.last)}${m.transfer ? ' transfer' : ''}`
    case 'vote-answer':
      return ` ${m.pre ? 'pre ' : ''}for t${m.campaign} ${m.verdict}`
    case 'append':
    case 'fetched': {
      const entries = m.entries.map((entry) => entryText(entry, lineages)).join(' | ')
      return ` after ${at(m.previous)} [${entries}]${m.type === 'append' ? ` commit ${m.commit}` : ''}`
    }
    case 'append-answer':
      return m.hint === undefined ? ` has ${m.index}` : ` not ${m.index}, try ${at(m.hint)}`
    case 'heartbeat':
      return m.leading ? ` commit ${m.commit}${m.round > 0 ? ` round ${m.round}` : ''}` : ' resigned'
    case 'heartbeat-answer':
      return m.round > 0 ? ` round ${m.round}` : ''
    case 'read-answer':
      return m.index === undefined ? ' not the leader' : ` at ${m.index}`
    case 'snapshot-offer':
      return ` at ${m.snapshot.index}`
    case 'founding':
      return ` ${lineages.name(m.lineageToBe)}`
    case 'founding-answer':
      return ` ${lineages.name(m.lineageToBe)} ${m.granted ? 'granted' : 'declined'}`
    default:
      return ''
  }
}

/** What a script shows of effects; undefined for what it does not. */
export function effectText(node: Node, effect: Effect, lineages: Lineages): string | undefined {
  const say = (text: string): string => `${node.name} ${text}`
  switch (effect.type) {
    case 'role':
      return say(`is ${effect.role} in term ${effect.term}`)
    case 'leader':
      return say(`follows ${effect.leader ?? 'nobody'}`)
    case 'lineage':
      return say(
        `belongs to ${lineages.name(effect.lineage.id)}${effect.lineage.parent === undefined ? '' : `, child of ${lineages.name(effect.lineage.parent)}`}`,
      )
    case 'membership':
      return say(`has voters {${votersText(effect.configuration)}}`)
    case 'committed':
      return say(`commits ${effect.index}`)
    case 'accepted':
      return say(`is told: proposal ${effect.id} is at ${effect.index}`)
    case 'refused':
      return say(`is told: proposal ${effect.id} is refused, ${effect.reason}`)
    case 'read-ready':
      return say(`reads at ${effect.index}`)
    case 'superseded':
      return say(
        `is superseded by ${lineages.name(effect.by)}, loses [${effect.entries.map((entry) => entryText(entry, lineages)).join(' | ')}]`,
      )
    case 'need-snapshot':
      return say(`needs the snapshot at ${effect.snapshot.index}`)
    case 'take-snapshot':
      return say(`takes a snapshot at ${effect.snapshot.index}`)
    case 'prune':
      return say(`forgets entries up to ${effect.upTo}`)
    case 'breach':
    case 'fatal':
      return say(`${effect.type}: ${effect.reason}`)
    case 'diverged':
      return say(`has diverged at ${effect.index}`)
    case 'departed':
      return say('has left')
    default:
      return undefined
  }
}
