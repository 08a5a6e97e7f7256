import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A role in a process of its own. Roles and the one who started them exchange plain objects over IPC. */
export interface Child {
  /** The next message of that type. */
  next<T = Record<string, unknown>>(type: string): Promise<T>
  tell(message: { readonly type: string; readonly [key: string]: unknown }): void
  stop(): Promise<void>
}

interface Message {
  readonly type: string
}

export function startChild(role: string, options: Readonly<Record<string, unknown>> = {}): Child {
  const child = fork(fileURLToPath(new URL('./role.ts', import.meta.url)), [role, JSON.stringify(options)], {
    execArgv: ['--conditions=@mosaik/source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const arrived: Message[] = []
  let wake = (): void => {}
  child.on('message', (message: Message) => {
    arrived.push(message)
    wake()
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => (resolve(), wake())))
  return {
    async next<T>(type: string): Promise<T> {
      for (;;) {
        const at = arrived.findIndex((message) => message.type === type)
        if (at !== -1) return arrived.splice(at, 1)[0] as T
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the ${role} process ended before it said '${type}'`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    tell: (message) => void child.send(message),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}
