import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './messages.ts'

export type Role = 'producer' | 'consumer'
export type Status = Extract<Report, { type: 'status' }>

/** A node in a process of its own, and the last thing it said. */
export interface NodeProcess {
  readonly name: string
  readonly role: Role
  readonly pid: number
  peerId: string
  state: 'starting' | 'running' | 'killed' | 'left' | 'failed'
  status: Status
  /** Ends it as a power cut would: no goodbye. */
  kill(): Promise<void>
  /** Asks it to finish what it began and leave. */
  leave(): Promise<void>
}

const SILENT: Status = { type: 'status', known: 0, sent: [], received: [], connected: 0 }

export function startNode(role: Role, name: string, bootstrap: string, onChange: () => void): NodeProcess {
  const child = fork(fileURLToPath(new URL('./node.ts', import.meta.url)), [role, name, bootstrap], {
    execArgv: ['--conditions=@mosaik/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const node: NodeProcess = {
    name,
    role,
    pid: child.pid ?? 0,
    peerId: '',
    state: 'starting',
    status: SILENT,
    kill: () => end(child, () => child.kill('SIGKILL')),
    leave: () => end(child, () => child.connected && child.send({ type: 'stop' } satisfies Order)),
  }
  child.on('message', (report: Report) => {
    if (report.type === 'ready') Object.assign(node, { peerId: report.peerId, state: 'running' })
    else node.status = report
    onChange()
  })
  child.once('exit', (code, signal) => {
    if (code === 0) node.state = 'left'
    else node.state = signal === 'SIGKILL' ? 'killed' : 'failed'
    onChange()
  })
  return node
}

async function end(child: ChildProcess, ask: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  ask()
  await exited
}
