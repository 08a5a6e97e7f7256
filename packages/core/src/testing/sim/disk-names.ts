import type { Prng } from '../../random/prng.ts'
import { FileContent } from './disk-file.ts'

/** A name that was given to a file, or taken away. */
interface NameChange {
  readonly name: string
  readonly content: FileContent | undefined
}

interface Directory {
  live: Map<string, FileContent>
  synced: Map<string, FileContent>
  /** Each change of names as one: a rename is two names. */
  unsynced: (readonly NameChange[])[]
}

/** Directories, their names, and the contents behind them. Directories themselves are durable at once. */
export class DiskNames {
  #directories = new Map<string, Directory>()

  makeDirectory(path: string): void {
    if (!this.#directories.has(path)) this.#directories.set(path, { live: new Map(), synced: new Map(), unsynced: [] })
  }

  list(directory: string): readonly string[] {
    return [...this.#directory(directory).live.keys()].toSorted()
  }

  find(path: string): FileContent {
    const [directory, name] = split(path)
    return this.#directory(directory).live.get(name) ?? missing(path)
  }

  create(path: string): FileContent {
    const [directory, name] = split(path)
    const names = this.#directory(directory)
    if (names.live.has(name)) throw systemError('EEXIST', path)
    const content = new FileContent()
    this.#change(names, [{ name, content }])
    return content
  }

  /** Within one directory. */
  rename(from: string, to: string): void {
    const content = this.find(from)
    this.#change(this.#directory(split(from)[0]), [
      { name: split(to)[1], content },
      { name: split(from)[1], content: undefined },
    ])
  }

  remove(path: string): void {
    this.find(path)
    this.#change(this.#directory(split(path)[0]), [{ name: split(path)[1], content: undefined }])
  }

  sync(path: string): void {
    const names = this.#directory(path)
    names.synced = new Map(names.live)
    names.unsynced = []
  }

  put(path: string, bytes: Uint8Array | undefined): void {
    const [directory, name] = split(path)
    this.makeDirectory(directory)
    const names = this.#directory(directory)
    const content = bytes === undefined ? undefined : new FileContent()
    if (bytes !== undefined) content?.replace(bytes)
    this.#change(names, [{ name, content }])
    this.sync(directory)
  }

  paths(): string[] {
    return [...this.#directories].flatMap(([path, { live }]) => [...live.keys()].map((name) => `${path}/${name}`)).toSorted()
  }

  cutPower(prng: Prng): void {
    for (const names of this.#directories.values()) {
      const kept = Math.floor(prng.float() * (names.unsynced.length + 1))
      const left = new Map(names.synced)
      for (const changes of names.unsynced.slice(0, kept)) for (const change of changes) apply(left, change)
      const contents = new Set([...left.values()])
      for (const content of contents) content.cutPower(prng)
      ;[names.live, names.synced, names.unsynced] = [new Map(left), left, []]
    }
  }

  copy(): DiskNames {
    const copies = new Map<FileContent, FileContent>()
    const copyOf = (content: FileContent): FileContent => {
      const copy = copies.get(content) ?? content.copy()
      copies.set(content, copy)
      return copy
    }
    const mapOf = (names: Map<string, FileContent>): Map<string, FileContent> =>
      new Map([...names].map(([name, content]) => [name, copyOf(content)]))
    const copy = new DiskNames()
    for (const [path, { live, synced, unsynced }] of this.#directories) {
      const changes = unsynced.map((group) =>
        group.map(({ name, content }) => ({ name, content: content === undefined ? undefined : copyOf(content) })),
      )
      copy.#directories.set(path, { live: mapOf(live), synced: mapOf(synced), unsynced: changes })
    }
    return copy
  }

  #change(names: Directory, changes: readonly NameChange[]): void {
    names.unsynced.push(changes)
    for (const change of changes) apply(names.live, change)
  }

  #directory(path: string): Directory {
    return this.#directories.get(path) ?? missing(path)
  }
}

function apply(names: Map<string, FileContent>, { name, content }: NameChange): void {
  if (content === undefined) names.delete(name)
  else names.set(name, content)
}

function split(path: string): [directory: string, name: string] {
  const at = path.lastIndexOf('/')
  return [path.slice(0, at), path.slice(at + 1)]
}

function missing(path: string): never {
  throw systemError('ENOENT', path)
}

function systemError(code: 'ENOENT' | 'EEXIST', path: string): Error {
  return Object.assign(new Error(`${code}: ${code === 'ENOENT' ? 'no such file or directory' : 'file already exists'}, '${path}'`), {
    code,
  })
}
