import { CloseReasons, type CloseReason } from './close-reason.ts'
import { MAX_CLOSE_DETAIL_BYTES, MAX_CLOSE_NAME_BYTES } from './frame.ts'
import { singleLine } from './single-line.ts'

const CODE_BYTES = 4
const FIXED_BYTES = CODE_BYTES + 1
const MAX_CODE = 2 ** 32 - 1

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The reason as the other side will see it: text cut to its limits, control characters replaced by spaces. */
export function boundedReason(reason: CloseReason): CloseReason {
  const code = Number.isInteger(reason.code) && reason.code >= 0 && reason.code <= MAX_CODE ? reason.code : CloseReasons.Cancelled.code
  const name = boundedText(reason.name, MAX_CLOSE_NAME_BYTES)
  const detail = reason.detail === undefined ? '' : boundedText(reason.detail, MAX_CLOSE_DETAIL_BYTES)
  return Object.freeze(detail === '' ? { code, name } : { code, name, detail })
}

/** The rest of a close frame. Takes what `boundedReason` answers. */
export function encodeClose(reason: CloseReason): Uint8Array {
  const name = encoder.encode(reason.name)
  const detail = encoder.encode(reason.detail ?? '')
  const rest = new Uint8Array(FIXED_BYTES + name.length + detail.length)
  new DataView(rest.buffer).setUint32(0, reason.code)
  rest[CODE_BYTES] = name.length
  rest.set(name, FIXED_BYTES)
  rest.set(detail, FIXED_BYTES + name.length)
  return rest
}

/** The reason in the rest of a close frame; a text says what is wrong with it. */
export function decodeClose(rest: Uint8Array): CloseReason | string {
  if (rest.length < FIXED_BYTES) return `a close frame of ${rest.length} bytes is too short`
  const code = new DataView(rest.buffer, rest.byteOffset).getUint32(0)
  const nameEnd = FIXED_BYTES + (rest[CODE_BYTES] as number)
  if (nameEnd > FIXED_BYTES + MAX_CLOSE_NAME_BYTES || nameEnd > rest.length) return 'the name in a close frame is too long'
  if (rest.length - nameEnd > MAX_CLOSE_DETAIL_BYTES) return 'the detail in a close frame is too long'
  if (code === CloseReasons.UnexpectedClose.code) return 'a close frame cannot say UnexpectedClose'
  try {
    return boundedReason({
      code,
      name: decoder.decode(rest.subarray(FIXED_BYTES, nameEnd)),
      detail: decoder.decode(rest.subarray(nameEnd)),
    })
  } catch {
    return 'the text in a close frame is not UTF-8'
  }
}

function boundedText(text: string, maxBytes: number): string {
  // encodeInto stops before the character that does not fit; lone surrogates become U+FFFD
  const bytes = new Uint8Array(maxBytes)
  const { written } = encoder.encodeInto(singleLine(String(text)), bytes)
  return decoder.decode(bytes.subarray(0, written))
}
