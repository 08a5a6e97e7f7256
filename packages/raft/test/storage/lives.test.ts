import { simDisk, type DiskFault } from '@mosaik/core/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { makeEntry } from '../../src/testing/log-store/plain-log.ts'
import { History, work } from './history.ts'

interface Life {
  readonly seed: number
  readonly call: number
  readonly kind: 'EIO' | 'ENOSPC' | 'cut' | 'none'
  /** The fault may come while the store is opened. */
  readonly early: boolean
  readonly end: 'power' | 'kill' | 'close'
}

const life: fc.Arbitrary<Life> = fc.record({
  seed: fc.nat(),
  call: fc.integer({ min: 1, max: 80 }),
  kind: fc.constantFrom('EIO', 'ENOSPC', 'cut', 'none'),
  early: fc.boolean(),
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
        if (each?.early === true) disk.plan(faultOf(each))
        const opened = await store.open({ owner: 'me' }).then(
          () => true,
          (error: unknown) => each?.early !== true && Promise.reject(error as Error),
        )
        disk.plan(undefined)
        if (opened) await history.goOn(store)
        if (each === undefined) return store.close()
        if (!each.early) disk.plan(faultOf(each))
        if (opened) await work(store, history, String(each.seed), { steps: 12, large: true })
        if (each.end === 'close') await store.close().catch(() => {})
        if (each.end === 'power') disk.cutPower()
        else disk.killAll()
      }
    }),
    { numRuns: 150 },
  )
})

it('what is shown after another open is durable, also when its sync had failed before', async () => {
  for (let call = 1; call <= 4; call++) {
    const disk = simDisk({ seed: call })
    const store = fileLog('/log', { disk: disk.mount() })
    await store.open()
    await store.append([makeEntry(1, 1)])
    disk.plan({ call, error: 'EIO' })
    await store.append([makeEntry(2, 1)]).catch(() => {})
    await store.close().catch(() => {})
    disk.plan(undefined)
    await store.open()
    const shown = store.last.index
    disk.cutPower()
    const again = fileLog('/log', { disk: disk.mount() })
    await again.open()
    expect(again.last.index).toBe(shown)
    await again.close()
  }
})
