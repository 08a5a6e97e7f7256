import { AbstractMultiaddrConnection } from '@libp2p/utils'
import type { Logger, MessageStreamDirection, PeerId, StreamMuxerFactory } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import type { NativeConnection } from './native.ts'
import { QuicMuxer } from './muxer.ts'

/** A QUIC connection as libp2p's upgrader takes it: authenticated and multiplexed already. */
export class QuicConnection extends AbstractMultiaddrConnection {
  readonly #native: NativeConnection

  constructor(native: NativeConnection, direction: MessageStreamDirection, log: Logger) {
    super({ remoteAddr: multiaddr(native.remoteMultiaddr()), direction, log })
    this.#native = native
    const gone = (): void => this.onTransportClosed()
    native.closed().then(gone, gone)
  }

  /** Whom the TLS handshake has proven to be at the other end. */
  get remotePeer(): PeerId {
    const id = this.remoteAddr.getComponents().findLast((part) => part.code === CODE_P2P)?.value
    if (id === undefined) throw new Error(`the QUIC handshake named no peer: ${this.remoteAddr}`)
    return peerIdFromString(id)
  }

  get muxerFactory(): StreamMuxerFactory {
    return { protocol: 'quic', createStreamMuxer: (connection) => new QuicMuxer(this.#native, connection, this.log) }
  }

  override sendData(): never {
    throw new Error('bytes travel on the streams of a QUIC connection')
  }

  override sendReset(): void {
    this.#native.abort()
  }

  override async sendClose(): Promise<void> {
    this.#native.abort()
  }

  // Flow control is QUIC's, per stream and per connection.
  override sendPause(): void {}
  override sendResume(): void {}
}
