import { InvalidArgumentError, networkOptionsOf, Option, parseProgram, wholeNumber } from '@mosaik/cli'
import { peerIdOf, secretKey } from '@mosaik/node'
import { describe, expect, it } from 'vitest'

const talk = {
  name: 'mosaik-talk',
  description: 'Talks.',
  flags: [
    new Option('--room <text>', 'where').makeOptionMandatory(),
    new Option('--mood <mood>', 'how').choices(['glad', 'sad']),
    new Option('--count <n>', 'how often').argParser(wholeNumber(1)),
  ],
}
const market = {
  name: 'mosaik-market',
  description: 'A market.',
  commands: [
    { name: 'buyer', description: 'Buys.', flags: [new Option('--budget <n>', 'at most').argParser(wholeNumber(0)).default(10)] },
    { name: 'seller', description: 'Sells.', defaults: { tags: ['seller'] } },
  ],
}

function printed(run: (configure: NonNullable<Parameters<typeof parseProgram>[3]>) => unknown): string {
  let text = ''
  const write = (more: string): void => void (text += more)
  expect(() => run((command) => command.exitOverride().configureOutput({ writeOut: write, writeErr: write, outputError: write }))).toThrow()
  return text
}

describe('flags of its own', () => {
  it('stand beside those that all programs have', () => {
    expect(parseProgram(talk, ['--room', 'kitchen', '--count', '3', '-n', 'net', '--json'], {}).options).toMatchObject({
      room: 'kitchen',
      count: 3,
      networkId: 'net',
      json: true,
      tags: [],
    })
  })

  it('may be missing on the command line when the environment has them', () => {
    expect(printed((configure) => parseProgram(talk, [], {}, configure))).toContain("required option '--room <text>'")
    expect(parseProgram(talk, [], { MOSAIK_TALK_ROOM: 'hall', MOSAIK_TALK_COUNT: '2' }).options).toMatchObject({ room: 'hall', count: 2 })
    expect(printed((configure) => parseProgram(talk, [], { MOSAIK_ROOM: 'hall' }, configure))).toContain('required option')
  })

  it.each([{ MOSAIK_TALK_MOOD: 'odd' }, { MOSAIK_TALK_COUNT: '0' }, { MOSAIK_TALK_COUNT: '1e3' }, { MOSAIK_TALK_JSON: 'perhaps' }])(
    'are judged as those of the command line: %j',
    (env) => {
      const [[variable, value]] = Object.entries(env) as [[string, string]]
      expect(printed((configure) => parseProgram(talk, ['--room', 'x'], env, configure))).toContain(`${variable} is '${value}'`)
    },
  )

  it('are helped with, whatever is in the environment, and without telling secrets', () => {
    const env = { MOSAIK_SECRET: 'do not tell', MOSAIK_TALK_MOOD: 'odd' }
    const help = printed((configure) => parseProgram(talk, ['--help'], env, configure))
    expect(help).toMatch(/--room <text>.*\(environment:\s+MOSAIK_TALK_ROOM\)/s)
    expect(help).not.toContain('do not tell')
  })
})

describe('roles', () => {
  it('have flags of their own and the shared ones, after the name of the role', () => {
    const { line, options } = parseProgram(market, ['buyer', '--budget', '7', '-p', '/dns4/a/tcp/1'], { MOSAIK_NETWORK_ID: 'net' })
    expect([line.name, options]).toMatchObject(['buyer', { budget: 7, peers: ['/dns4/a/tcp/1'], networkId: 'net' }])
    expect(parseProgram(market, ['seller'], { MOSAIK_MARKET_METRICS: '1' }).options).toMatchObject({
      tags: ['seller'],
      metrics: { port: 1 },
    })
  })

  it('may have a network of their own by default', () => {
    const home = { name: 'x', description: 'X.', defaults: { networkId: 'home' } }
    const networks = [
      parseProgram(home, [], {}),
      parseProgram(home, [], { MOSAIK_NETWORK_ID: 'away' }),
      parseProgram(home, ['-n', 'far'], {}),
    ]
    expect(networks.map(({ options }) => options.networkId)).toEqual(['home', 'away', 'far'])
  })

  it.each([[[]], [['thief']], [['seller', '--budget', '1']], [['--budget', '1', 'buyer']]])('refuses %j', (argv) => {
    expect(printed((configure) => parseProgram(market, argv, {}, configure))).not.toBe('')
  })
})

describe('networkOptionsOf', () => {
  it('leaves the defaults of the library what they are', () => {
    expect(networkOptionsOf(parseProgram(market, ['buyer'], {}).options)).toEqual({ discovery: { bootstrap: [], tags: [] } })
  })

  it('gives what createNetwork takes', () => {
    const argv = ['buyer', '-s', 'seed', '-p', '/dns4/a/tcp/1,/dns4/b/tcp/1', '-t', 'x', '--listen', '/ip4/127.0.0.1/tcp/0']
    const options = networkOptionsOf(parseProgram(market, argv, {}).options)
    expect(options).toMatchObject({
      listen: ['/ip4/127.0.0.1/tcp/0'],
      discovery: { bootstrap: ['/dns4/a/tcp/1', '/dns4/b/tcp/1'], tags: ['x'] },
    })
    expect(options.secretKey && peerIdOf(options.secretKey)).toBe(peerIdOf(secretKey('seed')))
  })

  it('has itself dialled through the relays that it is given', () => {
    const relays = ['/dns4/a/tcp/1/p2p/x', '/dns4/b/tcp/1/p2p/y']
    const options = networkOptionsOf(parseProgram(market, ['buyer'], { MOSAIK_RELAYS: relays.join() }).options)
    expect(options.relay).toEqual({ servers: relays })
  })
})

it('refuses with an error that programs can tell', () => {
  expect(() => wholeNumber(1)('none')).toThrow(InvalidArgumentError)
})
