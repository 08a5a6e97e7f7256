import { createEndpoint } from '@mosaik/libp2p'
import { now, Meter } from './role.ts'

/** Sends on one bare byte stream: 64 KiB writes as fast as they are taken, or `perSecond` writes of 256 bytes. */
export async function run({ address, listen, perSecond }: { address: string; listen: string; perSecond?: number }): Promise<void> {
  const endpoint = await createEndpoint('bench', { listen: [listen] })
  const stream = await endpoint.open(address, '/bench/raw')
  const fill = (): void => {
    while (stream.send(new Uint8Array(65_536)));
  }
  stream.attach({ onData: () => {}, onDrain: fill, onEnd: () => {}, onClose: () => process.exit(1) })
  if (perSecond === undefined) fill()
  else {
    pace(perSecond, () => {
      const chunk = new Uint8Array(256)
      new DataView(chunk.buffer).setFloat64(0, now())
      stream.send(chunk)
    })
  }
  await new Meter().serve()
}

/** Calls `task` `perSecond` times a second, evenly. */
export function pace(perSecond: number, task: () => void): void {
  const begun = now()
  let done = 0
  setInterval(() => {
    const due = ((now() - begun) / 1000) * perSecond
    for (; done < due; done += 1) task()
  }, 1)
}
