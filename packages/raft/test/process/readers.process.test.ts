import { expect, it } from 'vitest'
import { ProcessGroup } from './processes.ts'

const FACTOR = Number(process.env['TIME_FACTOR'] ?? 1)
/** The recovery timeout of the fast preset, an election, and a process that has to start. */
const BACK_MS = 15_000 * FACTOR

it(
  'the only writer is killed and comes back with nothing, while two readers live: it has what they have, and goes on',
  async () => {
    // It must find the readers before it gives up on finding anybody, on a machine that does much else, too: 300 ms would be few.
    await using group = new ProcessGroup({ consensus: { preset: 'fast', bootstrapDelay: '3s' } })
    const writer = await group.add({ inMemory: true })
    const readers = [await group.add({ inMemory: true, isObserver: true }), await group.add({ inMemory: true, isObserver: true })]
    for (const line of ['a', 'b']) expect(await writer.execute(line)).toBe('done')
    for (const reader of readers) expect((await reader.state()).lines).toEqual(['a', 'b'])
    await writer.kill()

    const again = await group.launch(0)
    const since = performance.now()
    expect(await again.execute('c')).toBe('done')
    expect(performance.now() - since).toBeLessThan(BACK_MS)
    for (const member of [again, ...readers]) expect((await member.state()).lines).toEqual(['a', 'b', 'c'])
    expect((await again.state()).leader).toBe(again.id)
  },
  120_000 * FACTOR,
)
