import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const home = fileURLToPath(new URL('../..', import.meta.url))

test('the example of the README runs, and ends by itself', { timeout: 60_000 }, async () => {
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(`${home}/README.md`, 'utf8')) ?? []
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@mosaik/source', '--input-type=module-typescript', '--eval', code],
    { cwd: home, encoding: 'utf8' },
  )
  expect(stdout).toBe('3200 3200 undefined\n')
})
