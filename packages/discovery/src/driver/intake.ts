import { compareBytes, MosaikError } from '@mosaik/core'
import type { Endpoint, Logger, PeerId } from '@mosaik/core'
import type { AdmissionRules } from '../logic/admission.ts'
import { compareVersions } from '../logic/statement.ts'
import type { EncodedDetails, Head } from '../logic/statement.ts'
import { decodeDetailsOf, decodeHead, verifyHead } from '../wire/statement.ts'
import type { DecodedHead, WireHead } from '../wire/statement.ts'
import { toHex } from '../wire/hex.ts'
import type { Keeper } from './keeper.ts'
import type { Meters, Refusal } from './meters.ts'

/** Two nodes that use one key would otherwise overtake each other without end. */
const RECLAIM_MS = 1000
const MAX_WARNED = 1024
const MAX_GENUINE = 4096

/**
 * What became of a statement: it was taken; it was known; it is overtaken; it is genuine and newer, but its details are
 * missing; it does not hold here (another network, dated too far off, no room); it is nothing that an honest peer sends.
 */
export type Outcome = 'taken' | 'same' | 'older' | 'unfetched' | 'refused' | 'invalid'

export interface Received {
  readonly outcome: Outcome
  /** Undefined when it could not be read. Verified when the outcome is taken or unfetched. */
  readonly head: Head | undefined
}

/** The one gateway for statements: gossip, sync and `feed` all come in here. Nothing unsigned or untimely gets past it. */
export class Intake {
  /** Called with every head that was taken, and whether it is more than a renewal. */
  onTaken: (head: Head, isNews: boolean) => void = () => {}
  readonly #endpoint: Endpoint
  readonly #keeper: Keeper
  readonly #rules: AdmissionRules
  readonly #meters: Meters
  readonly #log: Logger
  /** Peers whose untimely entries have been reported. */
  readonly #warned = new Set<PeerId>()
  /** Heads whose signature has been checked and whose details are still missing. */
  readonly #genuine = new Set<string>()
  #reclaimedAt = Number.NEGATIVE_INFINITY
  /** The latest date at which another run of this key was seen, while it is later than the own one. */
  #contested: number | undefined

  constructor(endpoint: Endpoint, keeper: Keeper, rules: AdmissionRules, meters: Meters, log: Logger) {
    this.#endpoint = endpoint
    this.#keeper = keeper
    this.#rules = rules
    this.#meters = meters
    this.#log = log
  }

  receive(wire: WireHead, details: Uint8Array | null): Received {
    let decoded: DecodedHead
    try {
      decoded = decodeHead(wire, this.#keeper.mark)
    } catch (error) {
      return { outcome: this.#invalid('malformed', error), head: undefined }
    }
    return { outcome: this.#judge(decoded, details), head: decoded.head }
  }

  /** The clock of `peer` is `ms` ahead of the one here, more than is allowed. Reported once. */
  reportSkew(peer: PeerId, ms: number): void {
    this.#meters.skewed.add()
    if (!this.#warnOnce(peer)) return
    this.#log.warn('the clock of %s is %d ms %s the clock here; check both', peer, Math.abs(Math.round(ms)), ms > 0 ? 'ahead of' : 'behind')
  }

  /** Renews the attempt to overtake another run of this node's key. */
  reclaim(): void {
    const { clock } = this.#endpoint
    if (this.#contested === undefined || clock.monotonic() - this.#reclaimedAt < RECLAIM_MS) return
    this.#reclaimedAt = clock.monotonic()
    const contested = this.#contested
    this.#keeper.changeOwn((own, now) => {
      if (own.overtake(contested, now, now + this.#rules.maxTimeDrift)) this.#contested = undefined
      return true
    })
  }

  #judge({ head, foreign }: DecodedHead, details: Uint8Array | null): Outcome {
    if (foreign) return this.#refuse('network')
    const { store } = this.#keeper
    const verdict = store.judge(head, this.#endpoint.clock.now())
    switch (verdict) {
      case 'same':
        return this.#hasKnownSignature(head) || verifyHead(head) ? 'same' : this.#invalid('signature')
      case 'older':
        return 'older'
      case 'own':
        return this.#own(head)
      case 'full':
        return this.#refuse('full')
      case 'future':
      case 'stale':
        this.#reportUntimely(head)
        return this.#refuse(verdict)
      case 'new':
      case 'newer':
        return this.#admit(head, details)
    }
  }

  #admit(head: Head, details: Uint8Array | null): Outcome {
    const outcome = this.#isGenuine(head) ? this.#take(head, details) : this.#invalid('signature')
    if (outcome === 'unfetched') this.#remember(head)
    return outcome
  }

  #take(head: Head, bytes: Uint8Array | null): Outcome {
    let details: EncodedDetails | undefined
    const known = this.#keeper.store.get(head.peerId)?.statement.details
    if (head.details !== undefined) {
      if (known?.id === head.details) details = known
      else if (bytes === null) return 'unfetched'
      else {
        try {
          details = decodeDetailsOf(head, bytes)
        } catch (error) {
          return this.#invalid('malformed', error)
        }
      }
    }
    const change = this.#keeper.store.put({ head, details })
    if (change === false) return this.#refuse('full')
    if (details !== undefined && details.addresses.length > 0) this.#endpoint.learn(head.peerId, details.addresses)
    this.#keeper.commit(change)
    this.onTaken(head, known?.id !== head.details)
    return 'taken'
  }

  /** What others show of this node is never taken; but when it is later than what this node says now, this node must speak up. */
  #own(head: Head): Outcome {
    const own = this.#keeper.statement().head
    const order = compareVersions(head, own)
    if (order <= 0) return order === 0 ? 'same' : 'older'
    if (!verifyHead(head)) return this.#invalid('signature')
    if (this.#contested === undefined) {
      this.#log.warn(
        'somebody shows an entry of this node that is %d ms newer than its own: the clock was set back, or another node uses the same key',
        head.updatedAt - own.updatedAt,
      )
    }
    this.#contested = Math.max(this.#contested ?? 0, head.updatedAt)
    this.reclaim()
    return 'older'
  }

  /** Once per peer, and only for what that peer has really signed. */
  #reportUntimely(head: Head): void {
    if (this.#warned.has(head.peerId) || !verifyHead(head) || !this.#warnOnce(head.peerId)) return
    const ahead = head.updatedAt - this.#endpoint.clock.now()
    this.#log.warn(
      'refused the entry of %s, dated %d ms %s the clock here; check both clocks (allowed: %d ms ahead, %d ms behind)',
      head.peerId,
      Math.abs(Math.round(ahead)),
      ahead > 0 ? 'ahead of' : 'behind',
      this.#rules.maxTimeDrift,
      this.#rules.purgeAfter,
    )
  }

  #warnOnce(peer: PeerId): boolean {
    if (this.#warned.has(peer) || this.#warned.size >= MAX_WARNED) return false
    this.#warned.add(peer)
    return true
  }

  /** A head is often seen twice: announced, then fetched. Checking its signature is what costs most here. */
  #isGenuine(head: Head): boolean {
    return this.#genuine.delete(fingerprint(head)) || verifyHead(head)
  }

  /** A known head under another signature must not be passed on as if it had been checked. */
  #hasKnownSignature({ peerId, signature }: Head): boolean {
    const known = this.#keeper.store.get(peerId)?.statement.head.signature
    return known !== undefined && compareBytes(known, signature) === 0
  }

  #remember(head: Head): void {
    this.#genuine.add(fingerprint(head))
    for (const oldest of this.#genuine) {
      if (this.#genuine.size <= MAX_GENUINE) break
      this.#genuine.delete(oldest)
    }
  }

  #refuse(reason: Refusal): Outcome {
    this.#meters.refused(reason).add()
    return 'refused'
  }

  #invalid(reason: Refusal, error?: unknown): Outcome {
    this.#meters.refused(reason).add()
    this.#log.debug('refused a statement: %s', MosaikError.is(error) ? error.message : reason)
    return 'invalid'
  }
}

/** Another signature of the same head is another thing: it would be passed on. */
function fingerprint(head: Head): string {
  return head.id + toHex(head.signature)
}
