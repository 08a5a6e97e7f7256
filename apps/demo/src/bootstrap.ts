import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { end, hasEnded, ofItsOwn } from './child.ts'

export interface BootstrapProcess {
  readonly pid: number
  readonly address: string
  readonly hasEnded: boolean
  leave(): Promise<void>
}

/** Starts the real bootstrap program and reads from its output where it can be dialled. */
export async function startBootstrap(network: string, onChange: () => void): Promise<BootstrapProcess> {
  const program = fileURLToPath(new URL('../../bootstrap/src/main.ts', import.meta.url))
  const flags = ['--network-id', network, '--listen', '/ip4/127.0.0.1/udp/0/quic-v1', '--no-relay']
  const child = spawn(process.execPath, ['--conditions=@mosaik/source', program, ...flags], {
    ...ofItsOwn,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let address: string | undefined
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    address = /^address\s+(\S+)/.exec(line)?.[1]
    if (address !== undefined) break
  }
  if (address === undefined) throw new Error('the bootstrap process ended before it said where it listens')
  child.stdout.resume()
  child.once('exit', onChange)
  return {
    pid: child.pid ?? 0,
    address,
    get hasEnded() {
      return hasEnded(child)
    },
    leave: () => end(child, () => child.kill('SIGTERM')),
  }
}
