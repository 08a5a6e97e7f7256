/**
 * Files as a store of logs needs them: what is durable, and when, can be told. `systemDisk` of `@mosaik/core/system` is
 * the machine's; `simDisk` of `@mosaik/core/testing` lives in memory, fails and loses power when asked to.
 *
 * Paths have `/` between their parts. Every call but `lock` rejects with the error of the system, whose `code` says what
 * happened (`ENOENT`, `ENOSPC`, `EIO` …).
 */
export interface Disk {
  /** Makes a directory with its parents; durable when it resolves. Nothing happens when it exists. */
  makeDirectory(path: string): Promise<void>
  /** The names in a directory, sorted. */
  list(directory: string): Promise<readonly string[]>
  /** `create` makes a new file to write and refuses an existing one (`EEXIST`); `read` and `write` open an existing one. */
  open(path: string, mode: 'create' | 'read' | 'write'): Promise<DiskFile>
  /** Takes the place of what was at `to`, at once. Durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>
  /** Durable after `syncDirectory`. Files that are open can be read on. */
  remove(path: string): Promise<void>
  /** Resolves when the names in it are durable: files made, renamed and removed. */
  syncDirectory(path: string): Promise<void>
  /**
   * Locks `path`, a file made for nothing else, for this one caller; the lock ends with `unlock` or with the process.
   * Rejects with `ERR_STORAGE`, naming the holder, when it is held, by this process or by another one.
   */
  lock(path: string): Promise<DiskLock>
}

/** An open file. Calls may overlap; what overlapping writes leave behind is not defined. */
export interface DiskFile {
  size(): Promise<number>
  /** Fewer bytes than asked for at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Writes all of `bytes` at `offset`; a gap before it reads as zeros. They must not change until it resolves. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** The same, and resolves when these bytes are durable, and what is needed to read them: as `datasync` behind it, in less time. */
  writeDurably(offset: number, bytes: Uint8Array): Promise<void>
  /** Cuts or extends (with zeros) the file. Durable after `datasync`. */
  truncate(size: number): Promise<void>
  /** Resolves when all that was written is durable, and what is needed to read it. */
  datasync(): Promise<void>
  close(): Promise<void>
}

export interface DiskLock {
  unlock(): Promise<void>
}
