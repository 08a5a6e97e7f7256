import type { Entry, EntryData } from './entry.ts'

// A running 32-bit hash of a log: it finds faults, not forgers, so a turn and an odd factor for each word are enough.

const FACTOR = 0x9e3779b1

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ word, FACTOR)
}

function mixBytes(hash: number, bytes: Uint8Array): number {
  const whole = bytes.length & ~3
  let h = mix(hash, bytes.length)
  let i = 0
  for (; i < whole; i += 4) {
    h = mix(h, (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24))
  }
  for (; i < bytes.length; i++) h = mix(h, bytes[i] as number)
  return h
}

function mixText(hash: number, text: string): number {
  let h = mix(hash, text.length)
  for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i))
  return h
}

/** The running hash after `entry`, of the one before it. */
export function hashAfter(hash: number, entry: Entry): number {
  const { data } = entry
  const start = mix(mix(hash, entry.term), data.kind.charCodeAt(0))
  if (data.kind !== 'commands') return mixText(start, wordsOf(data)) >>> 0
  let h = mix(mix(mixText(start, data.session), data.number), data.lowWater)
  for (const payload of data.payloads) h = mixBytes(h, payload)
  return (h ^ (h >>> 15)) >>> 0
}

function wordsOf(data: EntryData): string {
  switch (data.kind) {
    case 'founding':
      return `${data.kind} ${data.lineage} ${votersOf(data.configuration.voters)}`
    case 'configuration':
      return `${data.kind} ${votersOf(data.configuration.voters)}`
    case 'session-open':
    case 'session-expire':
      return `${data.kind} ${data.session}`
    case 'snapshot-root':
      return `${data.kind} ${data.mark} ${data.root}`
    case 'meet':
      return `${data.kind} ${data.other}`
    case 'yield':
      return `${data.kind} ${data.to}`
    default:
      return data.kind
  }
}

function votersOf(voters: readonly { readonly peerId: string; readonly incarnation: string }[]): string {
  return voters.map((voter) => `${voter.peerId}/${voter.incarnation}`).join(' ')
}
