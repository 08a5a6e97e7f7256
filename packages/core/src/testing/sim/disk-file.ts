import type { Prng } from '../../random/prng.ts'

/** What a disk writes as one. */
const SECTOR_BYTES = 512

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number }

/** The content of a file: what a program sees, and what would be left after a power cut. */
export class FileContent {
  #live = new Uint8Array(0)
  #size = 0
  #synced = new Uint8Array(0)
  #syncedSize = 0
  #unsynced: Change[] = []

  get size(): number {
    return this.#size
  }

  read(offset: number, length: number): Uint8Array {
    return this.#live.slice(Math.min(offset, this.#size), Math.min(offset + length, this.#size))
  }

  write(offset: number, bytes: Uint8Array): void {
    const change = { offset, bytes: bytes.slice() }
    this.#unsynced.push(change)
    this.#change(change)
  }

  truncate(size: number): void {
    this.#unsynced.push({ size })
    this.#change({ size })
  }

  sync(): void {
    for (const change of this.#unsynced) [this.#synced, this.#syncedSize] = changed(this.#synced, this.#syncedSize, change)
    this.#unsynced = []
  }

  /** A sync has failed: as on Linux, what it should have made durable is taken for clean, so that no later sync will. */
  failSync(): void {
    this.#unsynced = []
  }

  /** Replaces everything, durably. */
  replace(bytes: Uint8Array): void {
    ;[this.#live, this.#synced] = [bytes.slice(), bytes.slice()]
    this.#size = this.#syncedSize = bytes.length
    this.#unsynced = []
  }

  /** Keeps what was synced, and of the rest whatever chance has brought to the disk: sectors in any order, or a beginning. */
  cutPower(prng: Prng): void {
    for (const change of this.#unsynced) {
      for (const part of survivors(change, prng)) [this.#synced, this.#syncedSize] = changed(this.#synced, this.#syncedSize, part)
    }
    this.replace(this.#synced.subarray(0, this.#syncedSize))
  }

  copy(): FileContent {
    const copy = new FileContent()
    copy.#live = this.#live.slice()
    copy.#synced = this.#synced.slice()
    ;[copy.#size, copy.#syncedSize, copy.#unsynced] = [this.#size, this.#syncedSize, [...this.#unsynced]]
    return copy
  }

  #change(change: Change): void {
    ;[this.#live, this.#size] = changed(this.#live, this.#size, change)
  }
}

function changed(bytes: Uint8Array<ArrayBuffer>, size: number, change: Change): [Uint8Array<ArrayBuffer>, number] {
  const end = 'size' in change ? change.size : Math.max(size, change.offset + change.bytes.length)
  const into = end <= bytes.length ? bytes : new Uint8Array(Math.max(end, bytes.length * 2))
  if (into !== bytes) into.set(bytes.subarray(0, size))
  if ('size' in change) into.fill(0, Math.min(end, size), Math.max(end, size))
  else into.set(change.bytes, change.offset)
  return [into, end]
}

function survivors(change: Change, prng: Prng): Change[] {
  const fate = prng.float()
  if (fate < 0.3) return []
  if (fate < 0.5 || 'size' in change) return [change]
  const { offset, bytes } = change
  if (fate < 0.75) return [{ offset, bytes: bytes.subarray(0, Math.floor(prng.float() * (bytes.length + 1))) }]
  const grown: Change = { offset: offset + bytes.length, bytes: new Uint8Array() } // the new size may come before the bytes
  const kept: Change[] = []
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, SECTOR_BYTES - ((offset + at) % SECTOR_BYTES) + at)
    if (prng.float() < 0.5) kept.push({ offset: offset + at, bytes: bytes.subarray(at, end) })
    at = end
  }
  return prng.float() < 0.5 ? [grown, ...kept] : kept
}
