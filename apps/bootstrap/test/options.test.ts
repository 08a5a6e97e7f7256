import { describe, expect, it } from 'vitest'
import { parseOptions } from '../src/options.ts'

/** Parses without leaving the process; gives what would have been printed on stderr. */
function refused(argv: readonly string[], env: Record<string, string> = {}): string {
  let printed = ''
  expect(() =>
    parseOptions(argv, env, (program) => {
      program.exitOverride()
      program.configureOutput({ writeErr: (text) => (printed += text), outputError: (text) => (printed += text) })
    }),
  ).toThrow()
  return printed
}

describe('flags', () => {
  it('needs none', () => {
    expect(parseOptions([], {})).toEqual({
      networkId: undefined,
      secret: undefined,
      peers: [],
      relays: [],
      tags: ['bootstrap'],
      listen: [],
      relay: true,
      metrics: undefined,
      quiet: false,
      verbose: 0,
      json: false,
    })
  })

  it('takes short and long forms, repeated ones in order', () => {
    const options = parseOptions(
      [
        '-n',
        'my-app',
        '-s',
        'seed',
        '-p',
        '/ip4/1.2.3.4/tcp/1',
        '--peers',
        '/ip4/1.2.3.4/tcp/2',
        '-t',
        'x',
        '-t',
        'y',
        '--listen',
        '/unix/%2Fsocket',
        '--no-relay',
        '-vv',
      ],
      {},
    )
    expect(options).toMatchObject({
      networkId: 'my-app',
      secret: 'seed',
      peers: ['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/tcp/2'],
      tags: ['x', 'y'],
      listen: ['/unix/%2Fsocket'],
      relay: false,
      verbose: 2,
    })
  })

  it.each([
    ['9090', { host: '127.0.0.1', port: 9090 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:9090', { host: '::1', port: 9090 }],
  ])('reads the metrics address %s', (text, expected) => {
    expect(parseOptions(['--metrics', text], {}).metrics).toEqual(expected)
  })

  it('names the flag and the address that is none', () => {
    expect(refused(['--peers', '/ip4/127.0.0.1/tcp/1,here'])).toMatch(/--peers.*'here' is no address/)
    expect(refused([], { MOSAIK_LISTEN: 'here' })).toMatch(/MOSAIK_LISTEN.*'here' is no address/)
  })

  it.each([[['--metrics', 'here']], [['--metrics', '1:70000']], [['-vvv']], [['-q', '-v']], [['--nonsense']], [['stray']]])(
    'refuses %j',
    (argv) => {
      expect(refused(argv)).not.toBe('')
    },
  )
})

describe('environment', () => {
  it('fills what the command line left open, own names before shared ones', () => {
    const options = parseOptions([], {
      MOSAIK_BOOTSTRAP_NETWORK_ID: 'own',
      MOSAIK_NETWORK_ID: 'shared',
      MOSAIK_PEERS: '/dns4/a/tcp/1, /dns4/b/tcp/1',
      MOSAIK_BOOTSTRAP_TAGS: 't',
      MOSAIK_BOOTSTRAP_NO_RELAY: 'true',
      MOSAIK_BOOTSTRAP_VERBOSE: '1',
    })
    expect(options).toMatchObject({ networkId: 'own', peers: ['/dns4/a/tcp/1', '/dns4/b/tcp/1'], tags: ['t'], relay: false, verbose: 1 })
  })

  it('yields to the command line', () => {
    const env = { MOSAIK_BOOTSTRAP_PEERS: '/dns4/b/tcp/1', MOSAIK_BOOTSTRAP_NO_RELAY: 'false', MOSAIK_SECRET: 'env' }
    expect(parseOptions(['-p', '/dns4/a/tcp/1', '-s', 'cli'], env)).toMatchObject({ peers: ['/dns4/a/tcp/1'], secret: 'cli', relay: true })
  })

  it('does not share what is the program’s own', () => {
    expect(parseOptions([], { MOSAIK_TAGS: 'x', MOSAIK_QUIET: '1' })).toMatchObject({ tags: ['bootstrap'], quiet: false })
  })

  it('names the variable that cannot be used', () => {
    expect(refused([], { MOSAIK_BOOTSTRAP_METRICS: 'nowhere:' })).toContain("MOSAIK_BOOTSTRAP_METRICS is 'nowhere:'")
    expect(refused([], { MOSAIK_BOOTSTRAP_QUIET: 'maybe' })).toContain('true or false')
  })
})
