import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics, Network } from '@mosaik/node'
import type { HostAndPort } from './values.ts'

const TEXT = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }

export interface HealthServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * `GET /metrics` answers in Prometheus' text format, `/healthz` with 200 while the process runs, `/readyz` with 200
 * while this node knows somebody and 503 while it is alone.
 */
export async function serveHealth(at: HostAndPort, network: Network, metrics: Metrics): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    const [path] = (request.url ?? '').split('?', 1)
    const peers = network.discovery.catalog.value.size
    if (request.method !== 'GET' && request.method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end()
    else if (path === '/metrics') response.writeHead(200, TEXT).end(metrics.text())
    else if (path === '/healthz') response.writeHead(200, TEXT).end('ok\n')
    else if (path === '/readyz') response.writeHead(peers > 0 ? 200 : 503, TEXT).end(`peers ${peers}\n`)
    else response.writeHead(404, TEXT).end('Try /metrics, /healthz or /readyz.\n')
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
