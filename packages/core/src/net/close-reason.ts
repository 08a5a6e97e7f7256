/** Why a link ended. Equality is by `code`; the name says the same to people. */
export interface CloseReason {
  readonly code: number
  readonly name: string
  readonly detail?: string
}

const reason = (code: number, name: string): CloseReason => Object.freeze({ code, name })

type SharedReason =
  | 'InvalidAlpn'
  | 'DifferentNetwork'
  | 'Cancelled'
  | 'UnexpectedClose'
  | 'Success'
  | 'GracefulShutdown'
  | 'ProtocolViolation'
  | 'UnknownPeer'
  | 'Timeout'
  | 'TooManyRequests'

/** The codes that all protocols share. A protocol's own begin with its number (streams 10xxx, groups 30xxx). */
export const CloseReasons: Readonly<Record<SharedReason, CloseReason>> = Object.freeze({
  InvalidAlpn: reason(100, 'InvalidAlpn'),
  DifferentNetwork: reason(101, 'DifferentNetwork'),
  Cancelled: reason(102, 'Cancelled'),
  /** The stream ended or broke without a close frame. Never sent, only observed. */
  UnexpectedClose: reason(103, 'UnexpectedClose'),
  Success: reason(200, 'Success'),
  GracefulShutdown: reason(204, 'GracefulShutdown'),
  ProtocolViolation: reason(400, 'ProtocolViolation'),
  UnknownPeer: reason(401, 'UnknownPeer'),
  Timeout: reason(408, 'Timeout'),
  TooManyRequests: reason(429, 'TooManyRequests'),
})
