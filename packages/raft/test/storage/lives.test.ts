import { simDisk, type DiskFault } from '@mosaik/core/testing'
import fc from 'fast-check'
import { it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { History, work } from './history.ts'

interface Life {
  readonly seed: number
  readonly call: number
  readonly kind: 'EIO' | 'ENOSPC' | 'cut' | 'none'
  readonly end: 'power' | 'kill' | 'close'
}

const life: fc.Arbitrary<Life> = fc.record({
  seed: fc.nat(),
  call: fc.integer({ min: 1, max: 80 }),
  kind: fc.constantFrom('EIO', 'ENOSPC', 'cut', 'none'),
  end: fc.constantFrom('power', 'kill', 'close'),
})

function faultOf({ kind, call }: Life): DiskFault | undefined {
  if (kind === 'none') return undefined
  return kind === 'cut' ? { call, cut: true } : { call, error: kind }
}

it('many lives of one store, each with a fault: what was acknowledged in any of them stays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.constantFrom(4096, 100_000), fc.array(life, { maxLength: 8 }), async (seed, segmentBytes, lives) => {
      const disk = simDisk({ seed })
      const history = new History()
      for (const each of [...lives, undefined]) {
        disk.plan(undefined)
        const store = fileLog('/log', { segmentBytes, cacheBytes: 2000, disk: disk.mount() })
        await store.open({ owner: 'me' })
        await history.goOn(store)
        if (each === undefined) return store.close()
        disk.plan(faultOf(each))
        await work(store, history, String(each.seed), 12)
        if (each.end === 'close') await store.close().catch(() => {})
        if (each.end === 'power') disk.cutPower()
        else disk.killAll()
      }
    }),
    { numRuns: 150 },
  )
})
