import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${home}/README.md`, 'utf8')
const sections = readme.split(/^## /m).map((text) => ({ under: text.slice(0, text.indexOf('\n')), text }))
const examples = sections.flatMap(({ under, text }) =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => ({ under, code: code as string })),
)

test.each(examples)('the example under "$under" runs', { timeout: 60_000 }, ({ code }) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@mosaik/source', '--input-type=module-typescript', '--eval', code],
    {
      cwd: home,
      encoding: 'utf8',
    },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('every export is named', async () => {
  const core = await import('@mosaik/core')
  const constants = /^[A-Z_]+$/
  for (const name of Object.keys(core)) if (!constants.test(name)) expect(readme, name).toContain(`\`${name}\``)
})
