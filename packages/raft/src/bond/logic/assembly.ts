/**
 * Puts bulk frames together. Memory is taken as pieces arrive, never on the word of a length; how long one may become and
 * how many may be begun at a time is limited.
 */
export class Assembly {
  readonly #maxBytes: number
  readonly #maxPartial: number
  readonly #begun = new Map<number, { readonly pieces: Uint8Array[]; bytes: number }>()

  constructor(maxBytes: number, maxPartial: number) {
    this.#maxBytes = maxBytes
    this.#maxPartial = maxPartial
  }

  /** A piece that is continued. A text says what is wrong with it. */
  part(n: number, piece: Uint8Array): string | undefined {
    let begun = this.#begun.get(n)
    if (begun === undefined) {
      if (this.#begun.size >= this.#maxPartial) return `more than ${this.#maxPartial} bulk frames begun at a time`
      begun = { pieces: [], bytes: 0 }
      this.#begun.set(n, begun)
    }
    begun.pieces.push(piece)
    begun.bytes += piece.length
    return begun.bytes > this.#maxBytes ? `a bulk frame above ${this.#maxBytes} bytes` : undefined
  }

  /** The last piece. Answers the whole frame; a text says what is wrong with it. */
  finish(n: number, piece: Uint8Array): Uint8Array | string {
    const begun = this.#begun.get(n)
    if (begun === undefined) return piece
    this.#begun.delete(n)
    if (begun.bytes + piece.length > this.#maxBytes) return `a bulk frame above ${this.#maxBytes} bytes`
    const whole = new Uint8Array(begun.bytes + piece.length)
    let at = 0
    for (const part of begun.pieces) {
      whole.set(part, at)
      at += part.length
    }
    whole.set(piece, at)
    return whole
  }

  forget(n: number): void {
    this.#begun.delete(n)
  }
}
