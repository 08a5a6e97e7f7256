import type { StreamMuxerFactory } from '@libp2p/interface'

/**
 * A muxer whose frames fall silently once its connection is closed. yamux writes from timers and microtasks of its own,
 * where the error that libp2p throws for a late write would end the process.
 */
export function contained<Components>(
  create: (components: Components) => StreamMuxerFactory,
): (components: Components) => StreamMuxerFactory {
  return (components) => {
    const factory = create(components)
    return {
      protocol: factory.protocol,
      createStreamMuxer: (connection) => {
        const send = connection.send.bind(connection)
        connection.send = (data) => {
          try {
            return send(data)
          } catch (error) {
            if (connection.status === 'open') throw error
            return false
          }
        }
        return factory.createStreamMuxer(connection)
      },
    }
  }
}
