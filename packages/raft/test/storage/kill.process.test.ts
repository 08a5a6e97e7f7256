import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fileLog } from '../../src/storage/file-log.ts'
import { asText, makeEntry } from '../../src/testing/log-store/plain-log.ts'

let directory: string
let child: ChildProcess | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mosaik-kill-'))
})

afterEach(async () => {
  await kill()
  await rm(directory, { recursive: true, force: true })
})

/** Starts a writer and answers what it says, line by line. */
function start(): AsyncIterator<string> {
  const writer = join(import.meta.dirname, 'writer.ts')
  child = spawn(process.execPath, ['--conditions=@mosaik/source', writer, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  return createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })[Symbol.asyncIterator]()
}

async function kill(): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

it('survives SIGKILL under load: everything acknowledged is there, and the lock ends with the process', async () => {
  for (let round = 1; round <= 6; round++) {
    const lines = start()
    let acknowledged = 0
    for (let count = 0; count < 20 + round * 7; count++) acknowledged = Number((await lines.next()).value)
    const store = fileLog(directory)
    await expect(store.open()).rejects.toThrow(new RegExp(`locked by process ${child?.pid} on`))
    await kill()
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) acknowledged = Number(next.value)

    await store.open({ owner: 'writer' })
    const { first, last } = store
    expect(last.index).toBeGreaterThanOrEqual(acknowledged)
    for (const { index, term, bytes } of await store.entries(first, last.index)) {
      expect([term, asText(bytes)]).toEqual([1, asText(makeEntry(index, 1, 100).bytes)])
    }
    // The vote was written with the two entries that it counts.
    const vote = Number(new TextDecoder().decode(store.hardState))
    expect(vote).toBeLessThanOrEqual(last.index)
    expect(vote).toBeGreaterThanOrEqual(last.index - 2)
    await store.close()
  }
})
