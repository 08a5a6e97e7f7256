import type { Duplex } from '../stream/duplex.ts'
import { decodeControl, encodeControl, MAX_CONTROL_BYTES, type ControlFrame } from './frames.ts'

export interface ControlChannel {
  send(frame: ControlFrame): void
  /** Ends the stream at once. */
  abort(error: Error): void
}

export interface ControlEvents {
  onFrame(frame: ControlFrame): void
  /** Once: the stream ended, broke, or carried something malformed. */
  onClosed(error: Error | undefined): void
}

/** Control frames over a stream. Nothing is buffered beyond one frame. */
export function openControl(duplex: Duplex, events: ControlEvents): ControlChannel {
  let carry: Uint8Array = new Uint8Array(0)
  const parse = (): void => {
    while (carry.byteLength >= 4) {
      const size = new DataView(carry.buffer, carry.byteOffset).getUint32(0)
      if (size > MAX_CONTROL_BYTES) throw new Error(`a control frame of ${size} bytes; at most ${MAX_CONTROL_BYTES} are allowed`)
      if (carry.byteLength < 4 + size) return
      const frame = decodeControl(carry.subarray(4, 4 + size))
      carry = carry.subarray(4 + size)
      if (frame !== undefined) events.onFrame(frame)
    }
  }
  duplex.attach({
    onData: (chunk) => {
      carry = carry.byteLength === 0 ? chunk : Buffer.concat([carry, chunk])
      try {
        parse()
      } catch (error) {
        duplex.reset(error as Error)
      }
    },
    onDrain: () => undefined,
    onEnd: () => duplex.reset(new Error('the peer ended the control stream')),
    onClosed: (error) => events.onClosed(error),
  })
  duplex.resume()
  return { send: (frame) => void duplex.send(encodeControl(frame)), abort: (error) => duplex.reset(error) }
}
