import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Fields = Readonly<Record<string, unknown>>

/** `failed` is whoever ends without having been asked, or not well. */
export type ChildState = 'running' | 'stopped' | 'killed' | 'done' | 'failed'

/** A program of the demo in a process of its own, and the last that it said with each event. */
export interface Child {
  readonly name: string
  readonly pid: number
  readonly state: ChildState
  said(event: string): Fields
  /** No goodbye. */
  kill(): Promise<void>
  /** It stands still, and goes on. */
  pause(): void
  resume(): void
  /** Waits until it has ended, asked to or by itself. */
  leave(): Promise<void>
}

/** Where Node keeps compiled modules: all load the same. */
const CACHE = join(tmpdir(), 'node-compile-cache')
const NOTHING: Fields = {}

/**
 * Starts a program with `--json`. `onChange` is called after each line, and at its end; `onWarning` with each line on stderr. It is in a process group of its own: Ctrl+C is for the
 * demo, and that decides.
 */
export function startChild(name: string, command: readonly string[], onChange: () => void, onWarning: (line: string) => void): Child {
  const child = spawn(process.execPath, [...process.execArgv, ...command, '--json'], {
    detached: true,
    env: { ...process.env, NODE_COMPILE_CACHE: CACHE },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = new Map<string, Fields>()
  let state: ChildState = 'running'
  let isAsked = false
  createInterface({ input: child.stdout }).on('line', (line) => {
    const fields = fieldsOf(line)
    if (fields === undefined) return onWarning(line)
    said.set(String(fields['event']), fields)
    onChange()
  })
  createInterface({ input: child.stderr }).on('line', onWarning)
  child.once('error', (error) => {
    state = 'failed'
    onWarning(error.message)
    onChange()
  })
  child.once('close', (code) => {
    if (state !== 'killed') state = code === 0 && (isAsked || said.has('totals')) ? 'done' : 'failed'
    onChange()
  })
  return {
    name,
    pid: child.pid ?? 0,
    get state() {
      return state
    },
    said: (event) => said.get(event) ?? NOTHING,
    kill: async () => {
      if (!hasEnded(child)) state = 'killed'
      await end(child, 'SIGKILL')
    },
    pause: () => {
      state = 'stopped'
      child.kill('SIGSTOP')
    },
    resume: () => {
      state = 'running'
      child.kill('SIGCONT')
    },
    leave: async () => {
      isAsked = true
      await end(child, 'SIGTERM')
    },
  }
}

/** Of a line on stdout; whatever else is printed there has none. */
function fieldsOf(line: string): Fields | undefined {
  try {
    const fields: unknown = JSON.parse(line)
    return typeof fields === 'object' && fields !== null ? (fields as Fields) : undefined
  } catch {
    return undefined
  }
}

/** Or has never begun. */
function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'close')
  child.kill(signal)
  await ended
}
