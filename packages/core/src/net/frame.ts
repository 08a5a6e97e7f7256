/**
 * What travels on a link's byte stream, byte by byte. All numbers are big-endian and unsigned.
 *
 * ```text
 * frame    length u32 | kind u8 | rest            length counts kind and rest, so it is at least 1
 *
 * message  0 | payload                            a whole message, or the last piece of one: 0 to 1 MiB
 * part     1 | payload                            a piece that is continued: exactly 1 MiB
 * credit   2 | bytes u32                          the receiver of this frame may send so many bytes more: at least 1 KiB
 * close    3 | code u32 | n u8 | name (n) | detail   UTF-8; name up to 64 bytes, detail the rest, up to 1 KiB
 * ```
 *
 * A message of up to 1 MiB is one `message` frame. A longer one is as many `part` frames as leave 1 byte to 1 MiB
 * over, then a `message` frame with the rest; `credit` and `close` may come between them, other messages may not.
 *
 * Credit: each side begins with `INITIAL_WINDOW_BYTES`. A message costs its payload and `MESSAGE_COST_BYTES`; it may
 * begin while the balance is positive and may take it below zero, so no message waits for ever for room of its own size.
 *
 * docs/protocol/links.md says the same at length, with vectors.
 */
export const FrameKind: Readonly<Record<'Message' | 'Part' | 'Credit' | 'Close', number>> = Object.freeze({
  Message: 0,
  Part: 1,
  Credit: 2,
  Close: 3,
})

/** Length and kind. */
export const FRAME_HEADER_BYTES = 5

/** What each side may send before it has been granted anything. No link has a smaller window. */
export const INITIAL_WINDOW_BYTES: number = 64 * 1024
/** No balance may exceed this, so that grants cannot grow without bound. */
export const MAX_WINDOW_BYTES: number = 64 * 1024 * 1024
/** Smaller grants are refused: they would cost more than they give. */
export const MIN_CREDIT_BYTES = 1024
/** What a message costs besides its payload: it bounds how many empty ones can wait. */
export const MESSAGE_COST_BYTES = 32

export const MAX_CLOSE_NAME_BYTES = 64
export const MAX_CLOSE_DETAIL_BYTES = 1024
