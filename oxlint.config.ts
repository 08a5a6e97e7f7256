import { defineConfig } from 'oxlint'

// What may import what, and what may touch the machine. `docs/ARCHITECTURE.md` says why; this file is what checks it.

/** The floors: what each package may import of ours. Nothing imports `sim` or `bench`. */
const floors: Record<string, readonly string[]> = {
  core: [],
  libp2p: ['core'],
  discovery: ['core'],
  streams: ['core', 'discovery'],
  raft: ['core', 'discovery'],
  collections: ['core', 'discovery', 'raft'],
  tee: ['core'],
  node: ['core', 'libp2p', 'discovery', 'streams', 'raft', 'collections', 'tee'],
  cli: ['node'],
}

/** Globals of the machine, with what takes their place above `core/system` and `libp2p`. */
const machine = {
  Date: 'clock.now()',
  performance: 'clock.monotonic()',
  setTimeout: 'clock.after()',
  clearTimeout: 'what clock.after() returns',
  setInterval: 'clock.after()',
  clearInterval: 'what clock.after() returns',
  setImmediate: 'clock.turn()',
  clearImmediate: 'clock.turn()',
  crypto: 'prng; node:crypto to hash and to sign',
  process: 'an option',
  fetch: 'an endpoint',
  globalThis: 'a name',
  global: 'a name',
}

const machineModules = [
  'node:child_process', 'node:dgram', 'node:dns', 'node:dns/*', 'node:http', 'node:https', 'node:net', 'node:os',
  'node:perf_hooks', 'node:process', 'node:timers', 'node:timers/*', 'node:tls', 'node:worker_threads',
] // prettier-ignore

const randomness = ['getRandomValues', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto']
const libp2pScopes = ['@libp2p/*', '@chainsafe/*', '@multiformats/*', 'libp2p/*']
const libp2pNames = ['libp2p', 'race-signal', 'uint8arraylist']
const asynchrony = ['AbortController', 'AbortSignal', 'FinalizationRegistry', 'Promise', 'WeakRef', 'queueMicrotask']

type Rule = ['error', Record<string, unknown>]
type Rules = Record<string, unknown>

function oursOnly(allowed: readonly string[]): object {
  const message = allowed.length === 0 ? 'core stands on nothing of ours.' : `This floor stands on ${allowed.join(', ')}.`
  return { group: ['@mosaik/*', ...allowed.map((name) => `!@mosaik/${name}`)], message }
}

const knowsLibp2p = { message: 'Only @mosaik/libp2p knows libp2p.' }
const noLibp2p = { paths: libp2pNames.map((name) => ({ name, ...knowsLibp2p })), patterns: [{ group: libp2pScopes, ...knowsLibp2p }] }
const noMachine = { group: machineModules, message: 'Only @mosaik/core/system and @mosaik/libp2p touch the machine.' }
const noRandomness = { name: 'node:crypto', importNames: randomness, message: 'Use prng: one seed, one history.' }
const noPlatform = {
  group: ['node:*', 'node:*/**', '**/driver/**', '@mosaik/core/system'],
  message: 'logic/ is pure: it decides, driver/ does.',
}

function floorImports(name: string): Rule {
  const ours = oursOnly(floors[name] ?? [])
  if (name === 'libp2p') return ['error', { patterns: [ours] }]
  if (name === 'cli') return ['error', { paths: noLibp2p.paths, patterns: [ours, ...noLibp2p.patterns] }]
  return ['error', { paths: [...noLibp2p.paths, noRandomness], patterns: [ours, ...noLibp2p.patterns, noMachine] }]
}

function logicImports(name: string): Rule {
  return ['error', { paths: noLibp2p.paths, patterns: [oursOnly(floors[name] ?? []), ...noLibp2p.patterns, noPlatform] }]
}

const noMachineGlobals = Object.entries(machine).map(([name, instead]) => ({ name, message: `Use ${instead}.` }))
const noSecretTimers = [
  'error',
  { object: 'Math', property: 'random', message: 'Use prng: one seed, one history.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Use deadline() with a clock.' },
]
const lines = { skipBlankLines: true, skipComments: true }
const free: Rules = { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' }

const rules: Rules = {
  eqeqeq: 'error',
  'import/no-cycle': 'error',
  'import/no-default-export': 'error',
  'max-lines': ['error', { max: 400, ...lines }],
  'no-unused-vars': [
    'error',
    { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreUsingDeclarations: true, varsIgnorePattern: '^_' },
  ],
  'no-var': 'error',
  'prefer-const': 'error',
  'typescript/consistent-type-imports': 'error',
  'typescript/no-explicit-any': 'error',
  'typescript/no-misused-promises': ['error', { checksVoidReturn: false }],
  'typescript/only-throw-error': 'error',
  'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  'vitest/no-disabled-tests': 'error',
  'vitest/no-focused-tests': 'error',
  // Interfaces of plain functions are handed around unbound, iterating over a copy is meant, and vitest takes messages in `expect`.
  'typescript/unbound-method': 'off',
  'typescript/no-base-to-string': 'off',
  'typescript/restrict-template-expressions': 'off',
  'unicorn/no-new-array': 'off',
  'unicorn/no-useless-spread': 'off',
  'vitest/expect-expect': 'off',
  'vitest/no-conditional-expect': 'off',
  'vitest/require-to-throw-message': 'off',
  'vitest/valid-expect': 'off',
  'vitest/valid-title': 'off',
}

/** Later entries win over earlier ones, rule by rule. */
const overrides: { files: string[]; rules: Rules }[] = [
  {
    files: ['packages/*/src/**'],
    rules: {
      'max-lines-per-function': ['error', { max: 70, ...lines }],
      'max-params': ['error', { max: 5 }],
      'no-console': 'error',
      'no-restricted-globals': ['error', ...noMachineGlobals],
      'no-restricted-properties': noSecretTimers,
    },
  },
  ...Object.keys(floors).map((name) => ({ files: [`packages/${name}/src/**`], rules: { 'no-restricted-imports': floorImports(name) } })),
  ...Object.keys(floors).map((name) => ({
    files: [`packages/${name}/src/**/logic/**`],
    rules: { 'no-restricted-imports': logicImports(name) },
  })),
  {
    files: [
      'packages/core/src/system/**',
      'packages/core/src/testing/**',
      'packages/libp2p/src/**',
      'packages/cli/src/**',
      'packages/sim/src/**',
    ],
    rules: free,
  },
  {
    files: ['packages/core/src/system/**', 'packages/core/src/testing/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [oursOnly([])] }] },
  },
  {
    files: ['packages/*/src/**/logic/**'],
    rules: {
      'oxc/no-async-await': 'error',
      'no-restricted-globals': ['error', ...noMachineGlobals, ...asynchrony.map((name) => ({ name, message: 'logic/ is synchronous.' }))],
      'no-restricted-properties': noSecretTimers,
    },
  },
  { files: ['apps/**', 'bench/**', 'examples/**', 'packages/*/test/**'], rules: { 'no-restricted-imports': ['error', noLibp2p] } },
  { files: ['packages/libp2p/test/**', 'bench/**'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['packages/sim/**'], rules: { 'no-console': 'off' } },
  { files: ['*.config.ts', 'packages/*/*.config.ts', 'vitest.workspace.ts'], rules: { 'import/no-default-export': 'off' } },
]

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'vitest'],
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error' },
  ignorePatterns: ['**/dist/**'],
  rules: rules as never,
  overrides: overrides as never,
})
