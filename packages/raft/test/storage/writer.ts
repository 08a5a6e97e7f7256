/** Appends to the log in the directory given, one entry after the other and some together, and says what was acknowledged. */
import { fileLog } from '../../src/storage/file-log.ts'
import { makeEntry } from '../../src/testing/log-store/plain-log.ts'

const store = fileLog(process.argv[2] as string, { segmentBytes: 16_384 })
await store.open({ owner: 'writer' })
for (;;) {
  const first = store.last.index + 1
  const entries = [0, 1, 2, 3].map((i) => makeEntry(first + i, 1, 100))
  const vote = new TextEncoder().encode(String(first + 1))
  await Promise.all([store.write({ hardState: vote, entries: entries.slice(0, 2) }), store.append(entries.slice(2))])
  if (first % 100 === 1 && first > 200) await store.prune(first - 200)
  process.stdout.write(`${store.last.index}\n`)
}
