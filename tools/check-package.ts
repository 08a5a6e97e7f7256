/**
 * Checks what would be published of the package in the current directory: packs it as a release does, then looks at the tarball
 * and not at the workspace. Run by each package's `check:package`, after its build.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const room = mkdtempSync(join(tmpdir(), 'mosaik-pack-'))
const tarball = join(room, 'package.tgz')
try {
  run('pnpm', 'pack', '--out', tarball)
  const files = run('tar', '-tzf', tarball).split('\n')
  for (const file of ['package/package.json', 'package/README.md', 'package/LICENSE', 'package/dist/index.js', 'package/dist/index.d.ts']) {
    if (!files.includes(file)) throw new Error(`${file} is missing in the tarball`)
  }
  const manifest = run('tar', '-xzOf', tarball, 'package/package.json')
  const leftover = /"(?:workspace|catalog|link|file):[^"]*"/.exec(manifest)
  if (leftover !== null) throw new Error(`package.json in the tarball still says ${leftover[0]}`)
  run('publint', '--strict', tarball)
  run('attw', tarball, '--profile', 'esm-only', '--no-emoji', '--no-color')
} catch (error) {
  process.stderr.write(`${process.cwd()}: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(room, { recursive: true, force: true })
}

function run(command: string, ...words: string[]): string {
  try {
    return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${words[0]} failed\n${stdout}${stderr}`, { cause: error })
  }
}
