import { connect } from 'nats'
import { Meter, now, tell } from './role.ts'

export async function run({ port, timed }: { port: number; timed: boolean }): Promise<void> {
  const connection = await connect({ servers: `127.0.0.1:${port}` })
  const meter = new Meter()
  const subscription = connection.subscribe('bench')
  await connection.flush()
  tell({ type: 'ready' })
  void (async () => {
    for await (const { data } of subscription) {
      meter.items += 1
      if (timed) meter.latencies.push(now() - new DataView(data.buffer, data.byteOffset).getFloat64(0))
    }
  })()
  await meter.serve()
}
