import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, dirname, join } from 'node:path'
import { root } from './workspace.ts'

/** A command that runs in a terminal of its own, at the root of the repository. */
export interface Terminal {
  /**
   * The first that matches in the whole lines printed so far or from now on: its first group, or all of it. Rejects with what was printed when the
   * command ends without, or does not get there in 100 s.
   */
  first(matches: RegExp): Promise<string>
  /** The same, behind what was found by `next` before. */
  next(matches: RegExp): Promise<string>
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  kill(): void
}

const PATIENCE_MS = 100_000 * Number(process.env['TIME_FACTOR'] ?? 1)
const SHIMS = join(import.meta.dirname, 'bin')
const open = new Set<ChildProcess>()
process.once('exit', killAll)

/** Runs what would be typed. `npx -y pnpm@12 script` and `pnpm script` run the script of package.json with this Node, and nothing is installed. */
export function type(command: string, env: NodeJS.ProcessEnv = {}): Terminal {
  const path = [SHIMS, join(root, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  // A process group of its own, so that what it starts ends with it.
  const child = spawn('sh', ['-c', command], { cwd: root, detached: true, env: { ...process.env, ...env, PATH: path } })
  open.add(child)
  let [printed, errors, cursor, isOver] = ['', '', 0, false]
  const checks = new Set<() => void>()
  const check = (): void => checks.forEach((one) => one())
  child.stdout.on('data', (chunk) => {
    printed += String(chunk)
    check()
  })
  child.stderr.on('data', (chunk) => (errors += String(chunk)))
  const ended = once(child, 'close').then(([code]) => {
    isOver = true
    check()
    return code as number | null
  })
  const find = (matches: RegExp, begin: () => number): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      let isLate = false
      const look = (): void => {
        const found = matches.exec(printed.slice(begin(), isOver ? undefined : printed.lastIndexOf('\n') + 1))
        if (found === null && !isOver && !isLate) return
        checks.delete(look)
        clearTimeout(timer)
        if (found !== null) resolve(found)
        else reject(new Error(`it ${isOver ? 'has ended' : 'runs on'} without ${String(matches)}: ${command}\n${printed}${errors}`))
      }
      const timer = setTimeout(() => {
        isLate = true
        look()
      }, PATIENCE_MS)
      checks.add(look)
      look()
    })
  return {
    ended,
    first: async (matches) => textOf(await find(matches, () => 0)),
    async next(matches) {
      const found = await find(matches, () => cursor)
      cursor += found.index + found[0].length
      return textOf(found)
    },
    kill: () => kill(child),
  }
}

/** Runs a program from its source. */
export function start(program: string, ...args: readonly string[]): Terminal {
  return type(['exec node --conditions=@mosaik/source', program, ...args].join(' '))
}

/** Where others can join what runs there. */
export function addressOf(terminal: Terminal): Promise<string> {
  return terminal.first(/\/ip4\/\S+\/p2p\/\w+/)
}

export function killAll(): void {
  for (const child of open) kill(child)
  open.clear()
}

function kill({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

function textOf(found: RegExpExecArray): string {
  return found[1] ?? found[0]
}
