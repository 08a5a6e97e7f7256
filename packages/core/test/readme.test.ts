import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('every export is named', async () => {
  const core = await import('@mosaik/core')
  const constants = /^[A-Z_]+$/
  for (const name of Object.keys(core)) if (!constants.test(name)) expect(readme, name).toContain(`\`${name}\``)
})
