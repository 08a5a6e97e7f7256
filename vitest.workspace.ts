import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Used with `--config`: one run over every package, from its sources.
const conditions = ['@mosaik/source']
const factor = Number(process.env['TIME_FACTOR'] ?? 1)

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'examples/*.test.ts', 'tools/test/*.test.ts'],
    // Tests start hundreds of processes, and half of what a start costs is the compiling of the same modules.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    setupFiles: ['tools/test/setup.ts'],
    testTimeout: 20_000 * factor,
    hookTimeout: 20_000 * factor,
    // Tests of processes and connections mostly wait, so a few files side by side keep even two cores busy.
    maxWorkers: 3,
    retry: 0,
    passWithNoTests: false,
  },
})
