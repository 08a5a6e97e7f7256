import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** Below what systems give to outgoing connections: nobody takes them between now and their use. */
const LOWEST = 15_000
const HIGHEST = 30_000

// Different for different runs at the same time, and never twice in one.
let next = LOWEST + (process.pid % (HIGHEST - LOWEST))

/** So many TCP ports of loopback that are free. */
export const freePorts = (count: number): Promise<number[]> => take(count, isFreeTcp)
export const freeUdpPorts = (count: number): Promise<number[]> => take(count, isFreeUdp)

async function take(count: number, isFree: (port: number) => Promise<boolean>): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = next
    next = next === HIGHEST ? LOWEST : next + 1
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

function isFreeTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function isFreeUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
}
