import { MosaikError } from '../../check/error.ts'
import { check } from '../../check/options.ts'
import type { Disk, DiskFile, DiskLock } from '../../disk/disk.ts'
import { seededPrng } from '../../random/seeded.ts'
import type { Prng } from '../../random/prng.ts'
import type { Clock } from '../../time/clock.ts'
import { toMs, type Duration } from '../../time/duration.ts'
import { DiskNames } from './disk-names.ts'

export interface SimDiskOptions {
  /** Decides what is left after a power cut, and how long calls take. */
  readonly seed: string | number | bigint
}

export interface MountOptions {
  /** What the calls of this process wait on: a paused process waits, a dead one never hears. Default: calls take no time. */
  readonly clock?: Clock
  /** How long a call takes. Default 0 to 1 ms. */
  readonly latency?: { readonly min: Duration; readonly max: Duration }
}

/** What the n-th call from now on meets: an error after part of it was done, or a power cut in the middle of it. */
export type DiskFault = { readonly call: number; readonly error: 'ENOSPC' | 'EIO' } | { readonly call: number; readonly cut: true }

/**
 * A disk in memory, to be cut off from power, to fail and to rot. It outlives the processes that use it; each has a
 * view of its own, from `mount`.
 */
export interface SimDisk {
  /** A `Disk` for one run of one process. */
  mount(options?: MountOptions): Disk
  /** Calls so far, of all views. */
  readonly calls: number
  /** Replaces the fault planned before; undefined for none. */
  plan(fault: DiskFault | undefined): void
  /** The processes are gone: their locks end, their calls reject with `ERR_CLOSED`; all that they wrote is there. */
  killAll(): void
  /**
   * The same, and of what was not synced only some is left: nothing, a beginning, or any of its sectors of 512 bytes; of
   * names in a directory those that changed first.
   */
  cutPower(): void
  /** Paths of all files, sorted. */
  paths(): string[]
  /** A copy of the bytes of a file. */
  read(path: string): Uint8Array
  /** Puts a file in place, durably; undefined removes it. */
  put(path: string, bytes: Uint8Array | undefined): void
  /** The same disk again, with nobody using it. */
  copy(seed?: string | number): SimDisk
}

/** Throws `ERR_INVALID_OPTION`. */
export function simDisk({ seed }: SimDiskOptions): SimDisk {
  return new MemoryDisk(check.text('seed', String(seed)), new DiskNames())
}

class MemoryDisk implements SimDisk {
  calls = 0
  /** Views of earlier lives do nothing any more. */
  #life = 0
  #fault: DiskFault | undefined
  #faultAt = 0
  #locks = new Set<string>()
  readonly #names: DiskNames
  readonly #prng: Prng
  readonly #seed: string

  constructor(seed: string, names: DiskNames) {
    this.#seed = seed
    this.#names = names
    this.#prng = seededPrng(`${seed} disk`)
  }

  mount({ clock, latency = { min: 0, max: 1 } }: MountOptions = {}): Disk {
    const life = this.#life
    const [min, max] = [toMs(latency.min), toMs(latency.max)]
    const wait = (): Promise<void> =>
      clock === undefined ? Promise.resolve() : new Promise((resolve) => void clock.after(min + this.#prng.float() * (max - min), resolve))
    return this.#view(async (work, half) => {
      this.#needLife(life)
      this.calls += 1
      const fault = this.#faultAt === this.calls ? this.#fault : undefined
      await wait()
      this.#needLife(life)
      if (fault === undefined) return work()
      if ('error' in fault) {
        half?.()
        throw systemError(fault.error)
      }
      if (this.#prng.float() < 0.5) work()
      this.cutPower()
      throw gone()
    })
  }

  plan(fault: DiskFault | undefined): void {
    this.#fault = fault
    this.#faultAt = fault === undefined ? 0 : this.calls + check.integer('call', fault.call, { min: 1 })
  }

  killAll(): void {
    this.#life += 1
    this.#locks = new Set()
  }

  cutPower(): void {
    this.killAll()
    this.#names.cutPower(this.#prng)
  }

  paths(): string[] {
    return this.#names.paths()
  }

  read(path: string): Uint8Array {
    const content = this.#names.find(path)
    return content.read(0, content.size)
  }

  put(path: string, bytes: Uint8Array | undefined): void {
    this.#names.put(path, bytes)
  }

  copy(seed: string | number = this.#seed): SimDisk {
    return new MemoryDisk(String(seed), this.#names.copy())
  }

  #needLife(life: number): void {
    if (life !== this.#life) throw gone()
  }

  #view(call: Call): Disk {
    const names = this.#names
    return {
      makeDirectory: (path) => call(() => names.makeDirectory(path)),
      list: (directory) => call(() => names.list(directory)),
      open: (path, mode) => call(() => this.#file(mode === 'create' ? names.create(path) : names.find(path), call)),
      rename: (from, to) => call(() => names.rename(from, to)),
      remove: (path) => call(() => names.remove(path)),
      syncDirectory: (path) => call(() => names.sync(path)),
      lock: (path) => call(() => this.#lock(path)),
    }
  }

  #file(content: ReturnType<DiskNames['find']>, call: Call): DiskFile {
    const write = (offset: number, bytes: Uint8Array): Promise<void> => {
      const half = (): void => content.write(offset, bytes.subarray(0, Math.floor(this.#prng.float() * bytes.length)))
      return call(() => content.write(offset, bytes), half)
    }
    const datasync = (): Promise<void> =>
      call(
        () => content.sync(),
        () => content.failSync(),
      )
    return {
      size: () => call(() => content.size),
      read: (offset, length) => call(() => content.read(offset, length)),
      write,
      // Two calls, so that errors and power cuts come between them, too.
      writeDurably: async (offset, bytes) => {
        await write(offset, bytes)
        await datasync()
      },
      truncate: (size) => call(() => content.truncate(size)),
      datasync,
      close: () => Promise.resolve(),
    }
  }

  #lock(path: string): DiskLock {
    if (this.#locks.has(path)) throw new MosaikError('ERR_STORAGE', `${path} is locked by another process of this simulated disk`)
    const locks = this.#locks
    locks.add(path)
    return { unlock: async () => void locks.delete(path) }
  }
}

/** Does `work` when its time has come; `half` is what a failing call has done of it. */
type Call = <T>(work: () => T, half?: () => void) => Promise<T>

function gone(): MosaikError {
  return new MosaikError('ERR_CLOSED', 'the process that used this simulated disk is gone')
}

function systemError(code: 'ENOSPC' | 'EIO'): Error {
  return Object.assign(new Error(code === 'ENOSPC' ? 'ENOSPC: no space left on device' : 'EIO: i/o error'), { code })
}
