import { format } from 'node:util'
import { afterEach } from 'vitest'

// A test that prints is a test that has something to say: let it fail and say it.
const strays: string[] = []
for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const) {
  console[name] = (...args: unknown[]) => void strays.push(`console.${name}: ${format(...args)}`)
}

afterEach(() => {
  const printed = strays.splice(0)
  if (printed.length > 0) throw new Error(`printed by the test or by what it tests:\n${printed.join('\n')}`)
})
