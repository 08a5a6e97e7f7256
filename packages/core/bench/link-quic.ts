/** The link bench over QUIC. The acceptor runs in a process of its own: this file forks itself. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createEndpoint } from '../../libp2p/src/index.ts'
import { compare, drainOf, messageCount, sendBare, sendByLink, takeAll } from './link-work.ts'

interface Job {
  readonly style: 'bare' | 'link'
  readonly count: number
}

const PROTOCOL = '/bench/link/1.0'
/** Argument of the forked process. */
const ACCEPTOR = 'acceptor'
const LISTEN = ['/ip4/127.0.0.1/udp/0/quic-v1']

/** Measures both styles, each over a fresh stream of one connection. */
export async function overQuic(rounds: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [ACCEPTOR], { execArgv: process.execArgv })
  const [address] = (await once(child, 'message')) as [string]
  const endpoint = await createEndpoint('bench', { listen: LISTEN })
  await compare('QUIC, two processes', rounds, async (style, size) => {
    const count = Math.round(messageCount(size) / 5)
    child.send({ style, count } satisfies Job)
    await once(child, 'message')
    const stream = await endpoint.open(address, PROTOCOL)
    const done = once(child, 'message') as Promise<[number]>
    if (style === 'bare') await sendBare(stream, size, count, drainOf(stream))
    else await sendByLink(stream, size, count)
    const [ms] = await done
    stream.abort()
    return (count / ms) * 1000
  })
  await endpoint.close()
  child.disconnect()
}

if (process.argv[2] === ACCEPTOR) {
  const endpoint = await createEndpoint('bench', { listen: LISTEN })
  let job: Job = { style: 'bare', count: 1 }
  endpoint.handle(PROTOCOL, (stream) => {
    void takeAll(stream, job.style, job.count).then((ms) => process.send?.(ms))
  })
  process.on('message', (next: Job) => {
    job = next
    process.send?.('ready')
  })
  process.on('disconnect', () => void endpoint.close())
  process.send?.(endpoint.addresses[0])
}
