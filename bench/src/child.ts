import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A role in a process of its own. Roles and the one who started them exchange plain objects over IPC. */
export interface Child {
  /** The next message of that type. Rejects, naming the row, when the process ends first or `timeoutMs` (default 60 s) pass. */
  next<T = Record<string, unknown>>(type: string, timeoutMs?: number): Promise<T>
  tell(message: { readonly type: string; readonly [key: string]: unknown }): void
  readonly pid: number
  /** SIGKILL: nothing of it runs on, and nobody is told. */
  kill(): void
  /** Hangs up, upon which a role ends by itself, and kills it if it has not done so soon. */
  stop(): Promise<void>
}

interface Message {
  readonly type: string
}

const WAIT_MS = 60_000
const STOP_MS = 5_000

/** `row` is what errors call the benchmark that this process belongs to. */
export function startChild(row: string, role: string, options: Readonly<Record<string, unknown>> = {}): Child {
  const child = fork(fileURLToPath(new URL('./role.ts', import.meta.url)), [role, JSON.stringify(options)], {
    execArgv: process.execArgv, // from source or as built, profiled or not
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const arrived: Message[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const each of waiting) each()
    waiting.clear()
  }
  child.on('message', (message: Message) => {
    arrived.push(message)
    wake()
  })
  child.on('error', () => wake()) // it could not be told something: that it has ended says enough
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const exited = new Promise<void>((resolve) => child.once('exit', () => (resolve(), wake())))
  return {
    async next<T>(type: string, timeoutMs: number = WAIT_MS): Promise<T> {
      let late = false
      const timer = setTimeout(() => ((late = true), wake()), timeoutMs)
      try {
        for (;;) {
          const at = arrived.findIndex((message) => message.type === type)
          if (at !== -1) return arrived.splice(at, 1)[0] as T
          if (isOver()) throw new Error(`${row}: the ${role} process ended before it said '${type}'`)
          if (late) throw new Error(`${row}: the ${role} process did not say '${type}' within ${timeoutMs / 1000} s`)
          await new Promise<void>((resolve) => waiting.add(resolve))
        }
      } finally {
        clearTimeout(timer)
      }
    },
    pid: child.pid ?? 0,
    kill: () => void child.kill('SIGKILL'),
    tell: (message) => void (child.connected && child.send(message)),
    async stop() {
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      if (!isOver()) await exited
      clearTimeout(timer)
    },
  }
}
