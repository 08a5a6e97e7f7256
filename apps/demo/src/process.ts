import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { end, ofItsOwn } from './child.ts'
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
    ...ofItsOwn,
    execArgv: ['--conditions=@mosaik/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let asked: 'killed' | 'left' | undefined
  const node: NodeProcess = {
    name,
    role,
    pid: child.pid ?? 0,
    peerId: '',
    state: 'starting',
    status: SILENT,
    kill: () => {
      asked = 'killed'
      return end(child, () => child.kill('SIGKILL'))
    },
    leave: () => {
      asked = 'left'
      return end(child, () => child.connected && child.send({ type: 'stop' } satisfies Order))
    },
  }
  child.on('message', (report: Report) => {
    if (report.type === 'ready') Object.assign(node, { peerId: report.peerId, state: 'running' })
    else node.status = report
    onChange()
  })
  child.once('exit', (code) => {
    node.state = asked === 'killed' || (asked === 'left' && code === 0) ? asked : 'failed'
    onChange()
  })
  return node
}
