import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

/** A server of a peer. It does not outlive this process, whatever ends that, but for SIGKILL. */
export function startServer(command: string, args: readonly string[]): ChildProcess {
  const server = spawn(command, args, { stdio: 'ignore' })
  running.add(server)
  server.once('exit', () => running.delete(server))
  return server
}
