import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

const skipped = /(?:^|\/)(?:node_modules|dist|coverage|\.git|\.turbo|\.vitest)(?:\/|$)/

/** Paths below the root that match, sorted, nothing generated. */
export function files(...patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: root, exclude: (path) => skipped.test(path) }).toSorted()
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly version?: string
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly files?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>> | string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

export function manifest(folder: string): Manifest {
  return JSON.parse(read(join(folder, 'package.json'))) as Manifest
}

/** Folders of what is published. */
export const packages: readonly string[] = files('packages/*/package.json')
  .map((path) => path.slice(0, -'/package.json'.length))
  .filter((folder) => manifest(folder).private !== true)

/** Names of the packages that files import, by any form of import: `@scope/name` or `name`, own files and `node:` left out. */
export function imported(paths: readonly string[]): ReadonlySet<string> {
  const specifier = /(?:^|[^.\w])(?:from|import)\s*\(?\s*'([^'.\n][^'\n]*)'/gm
  const found = paths.flatMap((path) =>
    [
      ...read(path)
        .replaceAll(/^\s*(?:\*|\/\/).*$/gm, '')
        .matchAll(specifier),
    ].map(([, name = '']) => name),
  )
  const names = found.filter((name) => !name.startsWith('node:')).map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
  return new Set(names)
}
