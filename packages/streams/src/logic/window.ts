/** Room, or leave to send: so many items and so many encoded bytes. */
export interface Room {
  readonly items: number
  readonly bytes: number
}

/**
 * What a producer may still send: granted by the consumer node and spent item by item. The same account is kept at both
 * ends; at the granting end it decides when granting more is worth a message.
 */
export class Window {
  #items = 0
  #bytes = 0

  get items(): number {
    return this.#items
  }

  get bytes(): number {
    return this.#bytes
  }

  grant(more: Room): void {
    this.#items += more.items
    this.#bytes += more.bytes
  }

  allows(size: number): boolean {
    return this.#items > 0 && this.#bytes >= size
  }

  spend(size: number): void {
    this.#items -= 1
    this.#bytes -= size
  }

  /** Nothing to grant while at least half of this is outstanding: the producer is not held up. */
  isAmple(whole: Room): boolean {
    return this.#items * 2 > whole.items && this.#bytes * 2 > whole.bytes
  }

  /** What is missing so that `room` is granted in all; undefined for nothing. Credit given is never taken back. */
  missing(room: Room): Room | undefined {
    const items = Math.max(0, room.items - this.#items)
    const bytes = Math.max(0, room.bytes - this.#bytes)
    return items === 0 && bytes === 0 ? undefined : { items, bytes }
  }
}

/** The room that counts for a producer with several readers behind one subscription: the fastest one's, or the slowest one's when it waits for everyone. */
export function commonRoom(rooms: readonly Room[], waits: boolean): Room {
  const pick = waits ? Math.min : Math.max
  if (rooms.length === 0) return { items: 0, bytes: 0 }
  return { items: pick(...rooms.map((room) => room.items)), bytes: pick(...rooms.map((room) => room.bytes)) }
}
