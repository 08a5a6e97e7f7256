import type { Connection, Stream } from '@libp2p/interface'

/** What the gossip router is given in place of libp2p's connections and streams: just what it uses, and no way around the carrier. */

/** A connection on which the router finds one open stream to write on; `taken` is called when it asks for it. */
export function outboundFace(connection: Connection, stream: Stream, taken: () => void): Connection {
  const face = {
    protocol: stream.protocol,
    send: (data: Uint8Array) => stream.send(data),
    addEventListener: stream.addEventListener.bind(stream),
    // Closing resets: the other end shall notice, and open its own anew.
    close: async () => stream.abort(new Error('the gossip router closed this stream')),
    abort: (error: Error) => stream.abort(error),
  } as unknown as Stream
  const newStream = async (): Promise<Stream> => {
    taken()
    return face
  }
  return { ...inboundConnection(connection), newStream }
}

/** A connection on which the router opens nothing. */
export function inboundConnection(connection: Connection): Connection {
  return {
    remotePeer: connection.remotePeer,
    remoteAddr: connection.remoteAddr,
    direction: connection.direction,
    status: connection.status,
    newStream: async () => {
      throw new Error('gossip streams are opened by the carrier')
    },
  } as unknown as Connection
}

/** A stream to read from. Its end, clean or not, is only an end: the router would forget the peer's topics over a reset. */
export function inboundFace(stream: Stream): Stream {
  return {
    protocol: stream.protocol,
    [Symbol.asyncIterator]: async function* () {
      try {
        yield* stream
      } catch {
        // The peer comes back with a new stream, or its connection is gone: both are seen elsewhere.
      }
    },
    close: async () => stream.abort(new Error('the gossip router closed this stream')),
    abort: (error: Error) => stream.abort(error),
  } as unknown as Stream
}
