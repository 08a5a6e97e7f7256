/** A program that behaves as it is told, for `run.process.test.ts`. */
import { setTimeout as delay } from 'node:timers/promises'
import { Option, runProgram } from '@mosaik/cli'

const WAYS = [
  'done',
  'waits',
  'fails',
  'fails-oddly',
  'fails-late',
  'ignores',
  'hangs',
  'hangs-telling',
  'floods',
  'is-told-again',
  'lingers',
  'exits',
] as const

await runProgram<{ way: (typeof WAYS)[number] }>({
  name: 'mosaik-test',
  description: 'Ends as it is told.',
  flags: [new Option('--way <way>', 'how').choices(WAYS).makeOptionMandatory()],
  async main({ options: { way }, signal, output, logger, connect }) {
    if (way === 'fails-oddly') throw new Error('\u001b[2Jas it was told')
    if (way === 'fails') throw new Error('as it was told')
    const { network } = await connect({ listen: [] })
    if (way === 'lingers' || way === 'exits') return
    logger.debug('it is ready')
    output.event('ready')
    if (way === 'done') return
    if (way === 'waits') await delay(2 ** 30, undefined, { signal })
    if (way === 'ignores') for await (const _event of network.discovery.events()) continue // ends with the network
    if (way === 'hangs-telling') {
      setInterval(() => output.event('told'), 50).unref()
      signal.addEventListener('abort', () => logger.warn('it is asked to end'))
    }
    if (way === 'floods') {
      setInterval(() => output.event('told', { text: 'x'.repeat(2 ** 20) }), 10).unref()
      await delay(2 ** 30, undefined, { signal })
    }
    if (way.startsWith('hangs')) await delay(2 ** 30)
    if (way === 'is-told-again') {
      signal.addEventListener('abort', () => process.emit('SIGINT'))
      await delay(2 ** 30, undefined, { signal })
    }
    await delay(2 ** 30, undefined, { signal }).catch(() => {})
    throw new Error('as it was told')
  },
})

const ready = (): void => void process.stdout.write('{"event":"ready"}\n')
if (process.argv.includes('lingers')) setInterval(ready, 1_000)
if (process.argv.includes('exits')) process.on('exit', ready)
