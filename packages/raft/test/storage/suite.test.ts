import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simDisk } from '@mosaik/core/testing'
import { describe, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import { logStoreSuite } from '../../src/testing/log-store-suite.ts'
import type { LogStoreBuilder } from '../../src/testing/log-store/types.ts'

logStoreSuite('memory', () => ({ create: () => memoryLog() }), { describe, it })

const onDisk = (options: { readonly segmentBytes?: number; readonly cacheBytes?: number }): LogStoreBuilder => {
  const disk = simDisk({ seed: 'suite' })
  return { create: (place) => fileLog(`/${place}`, { ...options, disk: disk.mount() }), crash: () => disk.cutPower() }
}
logStoreSuite('files, simulated disk', () => onDisk({}), { describe, it })
logStoreSuite('files, simulated disk, small segments, no cache', () => onDisk({ segmentBytes: 4096, cacheBytes: 0 }), { describe, it })

logStoreSuite(
  'files of this machine',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'mosaik-log-'))
    return {
      create: (place) => fileLog(join(directory, place), { segmentBytes: 4096 }),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    }
  },
  { describe, it },
)
