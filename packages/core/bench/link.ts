/**
 * How much of a bare byte stream a link leaves: messages per second over one stream, in memory or over QUIC between two processes.
 *
 * *bare* is what anyone would write by hand: messages with a 4-byte length copied into 64 KiB buffers, one `send` per
 * buffer, waiting for the drain; the reader cuts them out again and hands each to a function. *link* sends and takes
 * the same messages one by one. Both are measured in turns in one run; the ratio is what counts.
 *
 *     node --conditions=@mosaik/source packages/core/bench/link.ts [memory|quic] [rounds]
 */
import { systemClock } from '@mosaik/core/system'
import { streamPair } from '@mosaik/core/testing'
import { overQuic } from './link-quic.ts'
import { compare, drainOf, messageCount, sendBare, sendByLink, takeAll } from './link-work.ts'

/** Messages per second of processor time: both ends run in this process, and other work on the machine does not count. */
async function inMemory(style: 'bare' | 'link', size: number): Promise<number> {
  const { dialer, acceptor } = streamPair({ clock: systemClock })
  const count = messageCount(size)
  const before = process.cpuUsage()
  const done = takeAll(acceptor, style, count)
  if (style === 'bare') await sendBare(dialer, size, count, drainOf(dialer))
  else await sendByLink(dialer, size, count)
  await done
  const { user, system } = process.cpuUsage(before)
  return (count / (user + system)) * 1e6
}

const [, , where = 'memory', rounds = '5'] = process.argv
if (where === 'quic') await overQuic(Number(rounds))
else await compare('in memory, one process', Number(rounds), inMemory)
