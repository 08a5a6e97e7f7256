import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { files, imported, manifest, packages, read, root } from './workspace.ts'

const MAX_LINES = 400
const MAX_MEDIAN = 130

/** Development dependencies that a package's build puts into its own `dist`. */
const bundled: Readonly<Record<string, readonly string[]>> = { '@mosaik/core': ['cbor-x'] }

describe('sizes', () => {
  it(`no source above ${MAX_LINES} lines`, () => {
    const sources = files(
      'packages/*/{src,test}/**/*.ts',
      'apps/*/{src,test}/**/*.ts',
      'bench/src/**/*.ts',
      'examples/**/*.ts',
      'tools/**/*.ts',
    )
    expect(sources.filter((path) => lines(path) > MAX_LINES)).toEqual([])
  })

  it.each(packages)(`%s: the median source has at most ${MAX_MEDIAN} lines`, (folder) => {
    const sizes = files(`${folder}/src/**/*.ts`)
      .map(lines)
      .toSorted((a, b) => a - b)
    expect(sizes[sizes.length >> 1]).toBeLessThanOrEqual(MAX_MEDIAN)
  })
})

describe.each(packages)('%s', (folder) => {
  const about = manifest(folder)

  it('depends on what its sources import, and on nothing else', () => {
    const needed = [...imported(files(`${folder}/src/**/*.ts`))].filter(
      (name) => name !== about.name && !bundled[about.name]?.includes(name),
    )
    expect(Object.keys(about.dependencies ?? {}).toSorted()).toEqual(needed.toSorted())
  })

  it('names what its tests import', () => {
    const known = [about.name, ...Object.keys({ ...about.dependencies, ...about.devDependencies, ...manifest('.').devDependencies })]
    expect([...imported(files(`${folder}/{src,test}/**/*.ts`))].filter((name) => !known.includes(name))).toEqual([])
    const used = imported(files(`${folder}/{src,test}/**/*.ts`, `${folder}/*.ts`))
    expect(Object.keys(about.devDependencies ?? {}).filter((name) => !used.has(name))).toEqual([])
  })

  it('is ready to be published', () => {
    expect(about).toMatchObject({ license: 'MIT', type: 'module', sideEffects: false, engines: { node: manifest('.').engines?.['node'] } })
    expect(about.files).toEqual(expect.arrayContaining(['dist', 'src']))
    expect(about.scripts).toMatchObject({ build: expect.stringContaining('tsc'), 'check:package': expect.any(String) })
    expect(about.version).toBe(manifest('packages/core').version)
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true)
    expect(read(`${folder}/README.md`)).toContain(`# ${about.name}`)
  })

  it('has a source, a declaration and a module behind every door', () => {
    for (const [door, target] of Object.entries(about.exports ?? {})) {
      if (typeof target === 'string') continue
      const source = target['@mosaik/source'] ?? ''
      expect(Object.keys(target), door).toEqual(['@mosaik/source', 'types', 'default'])
      expect(existsSync(join(root, folder, source)), `${door}: ${source}`).toBe(true)
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '')
      expect(target).toMatchObject({ types: `${built}.d.ts`, default: `${built}.js` })
      expect(read(join(folder, source)), `${door} starts with a module comment`).toMatch(/^\/\*\*[^]*?```ts[^]*?@module\s*\n? \*\//)
    }
  })
})

describe('the whole repository', () => {
  const texts = files('**/*.{ts,js,json,md,yaml,yml,txt}', '.*/**/*', '.ci/run', 'LICENSE').filter(isText)

  it('says nothing of the machine it was written on, nor of any registry', () => {
    const forbidden = [
      String.raw`/(?:work|root|Users|home/[a-z]+)/`,
      String.raw`/tmp/(?!\W)`,
      String.raw`https?://(?:registry|npm|artifactory|nexus|verdaccio)[\w.-]*[.:/]`,
      String.raw`\b(?:TO` + String.raw`DO|FIX` + String.raw`ME|X` + String.raw`XX)\b`,
    ].map((source) => new RegExp(source))
    const hits = texts.flatMap((path) =>
      forbidden.filter((pattern) => pattern.test(read(path))).map((pattern) => `${path}: ${pattern.source}`),
    )
    expect(hits).toEqual([])
  })

  it('has exact versions, in one place', () => {
    const loose = files('package.json', '{packages,apps}/*/package.json', '{bench,tools}/package.json').flatMap((path) => {
      const { dependencies = {}, devDependencies = {} } = manifest(dirname(path))
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([name, version]) => (name.startsWith('@mosaik/') ? !version.startsWith('workspace:') : version !== 'catalog:'))
        .map(([name, version]) => `${path}: ${name} ${version}`)
    })
    expect(loose).toEqual([])
    const catalog = read('pnpm-workspace.yaml').split(/^catalog:$/m)[1] ?? ''
    expect(catalog.split('\n').filter((line) => line.includes(':') && !/: \d+\.\d+\.\d+$/.test(line))).toEqual([])
  })
})

function lines(path: string): number {
  return read(path).split('\n').length - 1
}

function isText(path: string): boolean {
  return !path.endsWith('pnpm-lock.yaml') && /\.(?:ts|js|json|md|ya?ml|txt)$|run$|LICENSE$/.test(path)
}
