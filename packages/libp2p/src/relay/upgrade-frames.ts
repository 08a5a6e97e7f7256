import { canonical, decodeCanonical, MosaikError } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import type { Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'

const MAX_FRAME_BYTES = 8 * 1024
const HEAD_BYTES = 4

export interface UpgradeFrames {
  read(signal: AbortSignal): Promise<CanonicalValue>
  write(value: CanonicalValue, signal: AbortSignal): Promise<void>
}

/** Canonical CBOR behind 4-byte big-endian lengths, like every frame of Mosaik. */
export function framed(stream: Stream): UpgradeFrames {
  const bytes = byteStream(stream, { maxBufferSize: 2 * MAX_FRAME_BYTES })
  return {
    async read(signal) {
      const head = (await bytes.read({ bytes: HEAD_BYTES, signal })).subarray()
      const length = new DataView(head.buffer, head.byteOffset, HEAD_BYTES).getUint32(0)
      if (length > MAX_FRAME_BYTES)
        throw new MosaikError('ERR_PROTOCOL', `an upgrade frame has at most ${MAX_FRAME_BYTES} bytes, not ${length}`)
      return decodeCanonical((await bytes.read({ bytes: length, signal })).subarray())
    },
    async write(value, signal) {
      const body = canonical(value)
      const frame = new Uint8Array(HEAD_BYTES + body.length)
      new DataView(frame.buffer).setUint32(0, body.length)
      frame.set(body, HEAD_BYTES)
      await bytes.write(frame, { signal })
    },
  }
}
