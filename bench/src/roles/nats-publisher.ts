import { connect } from 'nats'
import type { NatsConnection } from 'nats'
import { Meter, now, pace, readyMade, tell } from './role.ts'

const BURST = 200

export async function run({ port, perSecond }: { port: number; perSecond?: number }): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${port}` })
  const meter = new Meter()
  tell({ type: 'ready' })
  if (perSecond === undefined) void flood(connection, meter)
  else {
    pace(perSecond, () => {
      const item = new Uint8Array(256)
      new DataView(item.buffer).setFloat64(0, now())
      connection.publish('bench', item)
    })
  }
  await meter.serve()
}

/** The client has no back-pressure of its own: bursts, and a flush (a round trip) every so often bounds what is queued. */
async function flood(connection: NatsConnection, meter: Meter): Promise<void> {
  const next = readyMade()
  for (let burst = 1; ; burst += 1) {
    for (let n = 0; n < BURST; n += 1) connection.publish('bench', next())
    meter.items += BURST
    if (burst % 50 === 0) await connection.flush()
    else await new Promise((resolve) => setImmediate(resolve))
  }
}
