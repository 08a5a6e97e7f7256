import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface BootstrapProcess {
  readonly pid: number
  readonly address: string
  leave(): Promise<void>
}

/** Starts the real bootstrap program and reads from its output where it can be dialled. */
export async function startBootstrap(network: string): Promise<BootstrapProcess> {
  const program = fileURLToPath(new URL('../../bootstrap/src/main.ts', import.meta.url))
  const flags = ['--network-id', network, '--listen', '/ip4/127.0.0.1/udp/0/quic-v1', '--no-relay']
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', program, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  let address: string | undefined
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    address = /^address\s+(\S+)/.exec(line)?.[1]
    if (address !== undefined) break
  }
  if (address === undefined) throw new Error('the bootstrap process ended before it said where it listens')
  child.stdout.resume()
  return {
    pid: child.pid ?? 0,
    address,
    leave: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
