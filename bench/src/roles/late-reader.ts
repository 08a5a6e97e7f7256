import { createMetrics, createNetwork } from '@mosaik/node'
import type { Version } from '@mosaik/node'
import { HoldUps } from './hold-ups.ts'
import type { HeldUp } from './hold-ups.ts'
import { now, tell, told } from './role.ts'
import { Entries } from './stores.ts'

export interface Read extends HeldUp {
  readonly size: number
  /** When it was there, by the machine's clock, ms. */
  readonly at: number
  /** What came on bonds. */
  readonly bytes: number
}

/** A node that opens the Map for reading, and tells when it has what it is asked for. */
export async function run({ bootstrap }: { readonly bootstrap: readonly string[] }): Promise<void> {
  const wanted = told<{ version: Version }>('reach')
  const metrics = createMetrics()
  const network = await createNetwork('bench', { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'], metrics, discovery: { bootstrap } })
  const map = network.collections.reader(Entries)
  const holdUps = new HoldUps()
  await map.when.reaches((await wanted).version)
  const at = now()
  const received = [...metrics.text().matchAll(/^mosaik_groups_bytes_received(?:\{.*\})? (\S+)$/gm)]
  const bytes = received.reduce((sum, [, value]) => sum + Number(value), 0)
  tell({ type: 'reached', size: map.size, at, bytes, ...holdUps.longest() })
}
