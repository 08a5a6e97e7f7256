import { CloseReasons, isPeerId, MosaikError, networkProof } from '@mosaik/core'
import type { CloseReason, NetworkId, PeerId } from '@mosaik/core'
import { CONTROL_VERSION, type Ack, type Hello } from './frames.ts'

/** Why a hello is refused. */
export interface Refusal {
  readonly reason: CloseReason
  /** For the metric. */
  readonly label: string
  readonly detail: string
}

/** What this node says in a hello or an ack, and what it expects of the other's. */
export interface Greeting {
  words(peer: PeerId): Pick<Hello, 'version' | 'proof' | 'incarnation'>
  /** Undefined when the hello is good. */
  judgeHello(peer: PeerId, hello: Hello): Refusal | undefined
  /** Undefined when the ack is good. */
  judgeAck(peer: PeerId, ack: Ack): MosaikError | undefined
}

export function createGreeting(networkId: NetworkId, id: PeerId, incarnation: string): Greeting {
  const isProven = (peer: PeerId, proof: string): boolean => isPeerId(peer) && proof === networkProof(networkId, peer, id)
  return {
    words: (peer) => ({ version: CONTROL_VERSION, proof: networkProof(networkId, id, peer), incarnation }),
    judgeHello: (peer, { version, proof }) => {
      if (version !== CONTROL_VERSION) {
        const detail = `control version ${CONTROL_VERSION} is spoken here, not ${version}`
        return { reason: CloseReasons.ProtocolViolation, label: 'version', detail }
      }
      if (isProven(peer, proof)) return undefined
      return { reason: CloseReasons.DifferentNetwork, label: 'network', detail: CloseReasons.DifferentNetwork.name }
    },
    judgeAck: (peer, { version, proof }) => {
      if (version !== CONTROL_VERSION) {
        return new MosaikError('ERR_UNREACHABLE', `${peer} speaks control version ${version}, not ${CONTROL_VERSION}`)
      }
      return isProven(peer, proof) ? undefined : differentNetwork(peer)
    },
  }
}

/** The error of a refusal that the peer has sent. */
export function refusedBy(peer: PeerId, code: number, detail: string): MosaikError {
  if (code === CloseReasons.DifferentNetwork.code) return differentNetwork(peer)
  return new MosaikError('ERR_UNREACHABLE', `${peer} refused the connection: ${detail} (${code})`)
}

/** The error of a proof that does not match. */
export function differentNetwork(peer: PeerId): MosaikError {
  return new MosaikError('ERR_DIFFERENT_NETWORK', `${peer} is of a different network; both sides must use the same network name`)
}
