import type { Connection, Stream } from '@libp2p/interface'

/** The gossip streams of one peer. */
export interface Line {
  connection: Connection
  /** Ours to write on. */
  outbound: Stream | undefined
  /** The router has it, so it can answer what comes in: it grafts a peer upon its first word, or a second later. */
  ready: boolean
  /** The peer's. */
  inbound: Stream | undefined
  /** The peer's, come before the router was ready. */
  waiting: Stream | undefined
  opening: boolean
  openedAt: number
  delays: Iterator<number>
  cancelRetry: (() => void) | undefined
}

export function newLine(connection: Connection, delays: Iterator<number>): Line {
  return {
    connection,
    delays,
    outbound: undefined,
    ready: false,
    inbound: undefined,
    waiting: undefined,
    opening: false,
    openedAt: 0,
    cancelRetry: undefined,
  }
}

/** Takes our stream off the line; it is the caller's to end. */
export function takeOutbound(line: Line): Stream | undefined {
  const { outbound } = line
  line.outbound = undefined
  line.ready = false
  line.cancelRetry?.()
  line.cancelRetry = undefined
  return outbound
}

/** Ends every stream of the line. */
export function release(line: Line, reason: string): void {
  const streams = [takeOutbound(line), line.inbound, line.waiting]
  line.inbound = undefined
  line.waiting = undefined
  for (const stream of streams) stream?.abort(new Error(reason))
}
