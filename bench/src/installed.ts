import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What comes with a package of ours. */
export interface Installed {
  readonly ours: number
  /** Packages of others that its own packages name. */
  readonly direct: number
  /** All of others that are installed with it, on this machine. */
  readonly all: number
  /** Of them, those that are binaries for one platform. */
  readonly native: number
  /** Of the archives of our packages together, bytes; NaN before a build. */
  readonly packed: number
}

interface Manifest {
  readonly name: string
  readonly os?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export function installedWith(name: string): Installed {
  const ours = new Map<string, Manifest>()
  const others = new Map<string, Manifest>()
  const direct = new Set<string>()
  const visit = (at: string): void => {
    const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as Manifest
    const isOurs = manifest.name.startsWith('@mosaik/')
    const known = isOurs ? ours : others
    if (known.has(at)) return
    known.set(at, manifest)
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const found = findPackage(at, dependency)
      if (isOurs && !dependency.startsWith('@mosaik/')) direct.add(dependency)
      if (found !== undefined) visit(found)
    }
  }
  visit(realpathSync(fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url))))
  const native = [...others.values()].filter(({ os }) => os !== undefined).length
  return { ours: ours.size, direct: direct.size, all: others.size, native, packed: packedSize([...ours.keys()]) }
}

/** As Node looks for it: next to whoever wants it, and above. Undefined for what is for other platforms. */
function findPackage(from: string, name: string): string | undefined {
  for (let at = from; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
  }
  return undefined
}

function packedSize(directories: readonly string[]): number {
  return directories.reduce((sum, cwd) => {
    if (!existsSync(join(cwd, 'dist'))) return NaN
    const { status, stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd, encoding: 'utf8' })
    if (status !== 0) return NaN
    const [archive] = JSON.parse(stdout) as readonly { readonly size: number }[]
    return sum + (archive?.size ?? NaN)
  }, 0)
}
