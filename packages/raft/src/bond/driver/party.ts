import { check, createWatch, MosaikError } from '@mosaik/core'
import type { CloseReason, GroupId, Logger, PeerId, TicketValidator, WatchSource } from '@mosaik/core'
import { groupHint } from '../../group-id.ts'
import { secretOf } from '../../group-key.ts'
import type { Bond, BondingOptions, HeartbeatTiming } from '../types.ts'
import { MAX_HELLO_BYTES } from '../wire/protocol.ts'

/** Peers of which it is remembered why they were kept out. */
const MAX_TOLD = 4096

/** A group of this node as its bonds use it: what it needs, what it is told, and whom it is bonded with. */
export class Party {
  readonly groupId: GroupId
  readonly secret: Uint8Array
  /** What everyone may know of the key: 16 hex digits. */
  readonly hint: string
  readonly validators: readonly TicketValidator[]
  readonly timing: HeartbeatTiming
  /** A peer that has answered nothing for so long is down, ms. */
  readonly deadlineMs: number
  readonly bonds: WatchSource<readonly Bond[]> = createWatch<readonly Bond[]>([])
  observer: boolean
  status: Uint8Array | undefined
  /** Peers named by the group. */
  configured: ReadonlySet<PeerId> = new Set()
  /** Nothing is told any more. */
  left = false
  /** Why peers were kept out, when that was told last. */
  readonly #told = new Map<PeerId, string>()
  readonly #options: BondingOptions
  readonly #logger: Logger

  constructor(options: BondingOptions, logger: Logger) {
    this.#options = options
    this.#logger = logger
    this.groupId = options.groupId
    this.secret = secretOf(options.key)
    this.hint = Buffer.from(groupHint(options.key)).toString('hex')
    this.validators = options.validators ?? []
    this.timing = checkTiming(options.timing)
    this.deadlineMs = this.timing.interval * this.timing.maxMissed
    this.observer = check.boolean('observer', options.observer, { default: false })
  }

  /** What to say to a peer that has proved itself. Undefined, and told, when the group fails to say anything. */
  hello(): Uint8Array | undefined {
    let hello: Uint8Array | undefined
    this.#guard(() => {
      hello = this.#options.hello()
      if (hello.length <= MAX_HELLO_BYTES) return
      throw new MosaikError('ERR_TOO_LARGE', `the hello of a group has ${hello.length} bytes; ${MAX_HELLO_BYTES} are allowed`)
    })
    return hello !== undefined && hello.length <= MAX_HELLO_BYTES ? hello : undefined
  }

  /** Is this another reason to keep the peer out than the last one? Undefined: there is none. */
  isNews(peer: PeerId, reason: string | undefined): boolean {
    if (this.#told.get(peer) === reason) return false
    this.#told.delete(peer)
    if (reason === undefined) return true
    if (this.#told.size >= MAX_TOLD) this.#told.delete(this.#told.keys().next().value as PeerId)
    this.#told.set(peer, reason)
    return true
  }

  /** Undefined, or what the group threw. */
  up(bond: Bond, hello: Uint8Array): unknown {
    const at = this.bonds.value.findIndex(({ peerId }) => peerId > bond.peerId)
    this.bonds.set(this.bonds.value.toSpliced(at < 0 ? this.bonds.value.length : at, 0, bond))
    return this.#guard(() => this.#options.onUp(bond.peerId, hello))
  }

  down(peer: PeerId, reason: CloseReason): void {
    this.bonds.set(this.bonds.value.filter(({ peerId }) => peerId !== peer))
    this.#guard(() => this.#options.onDown(peer, reason))
  }

  frame(peer: PeerId, bytes: Uint8Array, kind: 'control' | 'bulk'): unknown {
    return this.#guard(() => this.#options.onFrame(peer, bytes, kind))
  }

  statusOf(peer: PeerId, status: Uint8Array): unknown {
    return this.#guard(() => this.#options.onStatus?.(peer, status))
  }

  ready(peer: PeerId): void {
    this.#guard(() => this.#options.onReady?.(peer))
  }

  /** A group that throws harms itself only. */
  #guard(call: () => void): unknown {
    if (this.left) return undefined
    try {
      call()
      return undefined
    } catch (error) {
      if (!MosaikError.is(error, 'ERR_PROTOCOL')) this.#logger.error('group %s threw in a callback of its bonds: %o', this.groupId, error)
      return error ?? new Error('a callback threw nothing')
    }
  }
}

function checkTiming(timing: HeartbeatTiming): HeartbeatTiming {
  const interval = check.number<number>('timing.interval', timing.interval, { min: 1, max: 3_600_000 })
  return {
    interval,
    jitter: check.number<number>('timing.jitter', timing.jitter, { min: 0, max: interval }),
    maxMissed: check.integer<number>('timing.maxMissed', timing.maxMissed, { min: 1 }),
  }
}
