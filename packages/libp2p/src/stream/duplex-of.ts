import type { Stream } from '@libp2p/interface'
import { QuicStream } from '../quic/stream.ts'
import type { Duplex } from './duplex.ts'
import { Libp2pDuplex } from './libp2p-duplex.ts'

/** The bytes of a negotiated libp2p stream, by the shortest way there is. The stream itself must not be used any more. */
export function duplexOf(stream: Stream): Duplex {
  return stream instanceof QuicStream ? stream.takePipe() : new Libp2pDuplex(stream)
}
