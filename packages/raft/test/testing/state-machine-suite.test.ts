import type { Codec } from '@mosaik/core'
import { canonical } from '@mosaik/core'
import { describe, expect, it, test } from 'vitest'
import { runStateMachineCase, stateMachineCases, stateMachineSuite } from '../../src/testing/state-machine-suite.ts'
import type { SimMachine } from '../../src/testing/sim-group/types.ts'
import type { StateMachineBuilder } from '../../src/testing/state-machine/types.ts'
import type { ApplyContext, SnapshotReceiver, SnapshotSource, StateMachine } from '../../src/types.ts'
import { Journal } from '../group/world.ts'
import { builderOf, Items, Register } from './machines.ts'
import type { Command, Reply } from './machines.ts'

const journals = (): StateMachineBuilder<Journal> => ({
  create: () => new Journal(),
  command: (prng) => `line ${prng.uint32() % 10}`,
  query: (prng) => (prng.uint32() % 2 === 0 ? 'all' : 'size'),
})
stateMachineSuite('journal', journals, { describe, it })
stateMachineSuite(
  'register',
  builderOf(() => new Register()),
  { describe, it },
  { histories: 3, commands: 50 },
)
stateMachineSuite(
  'items',
  builderOf(() => new Items()),
  { describe, it },
  { histories: 3, commands: 50 },
)

type State = readonly (readonly [string, bigint])[]

/** Numbers lose what does not fit into them. */
const lossy: Codec<never> = {
  encode: (value) => canonical(JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)))),
  decode: () => ({ put: 'a', value: 0 }) as never,
}

let applied = 0
const ledger: string[] = []
const dates: number[] = []

/** What is wrong, which rule has to notice it, and what the error has to say. */
const PLANTED: readonly (readonly [what: string, rule: string, says: RegExp, create: () => Register | Items])[] = [
  ['has no name', 'it has a name', /name/, () => new (class extends Register { override readonly name = '' })()], // prettier-ignore
  ['has half a version', 'it has a name', /version/, () => new (class extends Register { override readonly version = 0.5 })()], // prettier-ignore
  ['throws for a command', 'apply and query answer at once, and never throw', /apply threw no such key/, () => new (class extends Register {
    override apply(command: Command): Reply {
      if ('remove' in command && !this.values.has(command.remove)) throw new Error('no such key')
      return super.apply(command)
    }
  })()], // prettier-ignore
  ['answers a promise', 'apply and query answer at once, and never throw', /apply answered a promise/, () => new (class extends Register {
    override apply(command: Command): Reply {
      return Promise.resolve(super.apply(command)) as never
    }
  })()], // prettier-ignore
  ['draws by chance', 'nothing is asked of clocks', /apply asked for Math\.random\(\)/, () => new (class extends Register {
    override apply(command: Command): Reply {
      if ('put' in command && Math.random() < 2) this.values.set('drawn', 1n)
      return super.apply(command)
    }
  })()], // prettier-ignore
  ['looks at the clock, and swallows the error', 'nothing is asked of clocks', /asked for Date\.now\(\)/, () => new (class extends Register {
    override apply(command: Command): Reply {
      try {
        dates.push(Date.now())
      } catch {}
      return super.apply(command)
    }
  })()], // prettier-ignore
  ['stamps its snapshots', 'nothing is asked of clocks', /asked for new Date\(\)/, () => new (class extends Register {
    override snapshot(): State {
      return [['at', BigInt(new Date().getTime())], ...super.snapshot()]
    }
  })()], // prettier-ignore
  ['does it later', 'nothing is asked of clocks', /asked for setTimeout\(\)/, () => new (class extends Register {
    override query(key: string): bigint | null {
      setTimeout(() => this.values.clear(), 1)
      return super.query(key)
    }
  })()], // prettier-ignore
  ['shares state between machines', 'the same commands make the same replies', /instead of/, () => new (class extends Register {
    override apply(command: Command): Reply {
      super.apply(command)
      return { was: BigInt(++applied) }
    }
  })()], // prettier-ignore
  ['keeps state that is not its own', 'the same commands make the same replies', /two machines differ/, () => new (class extends Register {
    override apply(command: Command): Reply {
      ledger.push('x')
      this.values.set('ledger', BigInt(ledger.length))
      return super.apply(command)
    }
  })()], // prettier-ignore
  ['loses bigints of commands', 'come out of their codecs', /a command went in as/, () => new (class extends Register {
    override readonly codecs = { command: lossy as Codec<Command> }
  })()], // prettier-ignore
  ['loses bigints of snapshots', 'come out of their codecs', /a snapshot went in as \[ \[ 'a', \d+n \].* and came out as \[ \[ '\d+', 0n \] \]/, () => new (class extends Register {
    override readonly codecs = {
      snapshot: {
        encode: (state: State) => canonical(state.map(([key, value]) => [key, Number(value) % 2 ** 40])),
        decode: (bytes: Uint8Array) => [[String(bytes.length), 0n]] as State,
      },
    }
  })()], // prettier-ignore
  ['replies with what no codec takes', 'come out of their codecs', /a reply cannot be encoded/, () => new (class extends Register {
    override apply(command: Command): Reply {
      return { ...super.apply(command), undo: () => {} } as Reply
    }
  })()], // prettier-ignore
  ['replies with an instance of a class', 'come out of their codecs', /a reply went in as Answer/, () => new (class extends Register {
    override apply(command: Command): Reply {
      class Answer { was = 1n } // prettier-ignore
      super.apply(command)
      return new Answer()
    }
  })()], // prettier-ignore
  ['looks at its place in the batch', 'in one batch, in many, and alone', /in another term/, () => new (class extends Register {
    override apply(command: Command, context?: ApplyContext): Reply {
      return context?.offset === 3 ? { was: -1n } : super.apply(command)
    }
  })()], // prettier-ignore
  ['looks at the term', 'in one batch, in many, and alone', /two machines differ/, () => new (class extends Register {
    override apply(command: Command, context?: ApplyContext): Reply {
      this.values.set('term', BigInt(context?.term ?? 0))
      return super.apply(command)
    }
  })()], // prettier-ignore
  ['counts queries', 'queries change nothing', /two machines differ/, () => new (class extends Register {
    override query(key: string): bigint | null {
      this.values.set('queries', (this.values.get('queries') ?? 0n) + 1n)
      return super.query(key)
    }
  })()], // prettier-ignore
  ['answers another thing each time', 'queries change nothing', /asked again/, () => new (class extends Register {
    #asked = 0n
    override query(): bigint | null {
      return this.#asked++
    }
  })()], // prettier-ignore
  ['gives its own array as a reply', 'do not change when the machine goes on', /what was told at command \d+ has the reply/, () => new (class extends Register {
    readonly #all: bigint[] = []
    override apply(command: Command): Reply {
      this.#all.push(1n)
      super.apply(command)
      return { was: this.#all as never }
    }
  })()], // prettier-ignore
  ['gives its own map as a result', 'do not change when the machine goes on', /has the result/, () => new (class extends Register {
    override query(): bigint | null {
      return this.values as never
    }
  })()], // prettier-ignore
  [
    'shares its array with the snapshot',
    'a snapshot does not change',
    /the snapshot taken after \d+ commands has changed/,
    () => {
      const lines: [string, bigint][] = []
      return Object.assign(new Register(), {
        apply: () => ({ was: BigInt(lines.push(['x', 1n])) }),
        snapshot: () => lines,
        install: (state: State) => void lines.splice(0, lines.length, ...(state as [string, bigint][])),
      })
    },
  ],
  ['reads its items when they are asked for', 'a snapshot does not change', /has changed/, () => new (class extends Items {
    override source(): SnapshotSource {
      return { get count() { return 0 }, items: (from) => super.source().items(from) } // prettier-ignore
    }
  })()], // prettier-ignore
  ['writes its state in the order of arrival', 'the same state is the same bytes', /began with a snapshot/, () => new (class extends Register {
    override snapshot(): State {
      return [...this.values]
    }
    override install(state: State): void {
      super.install(state.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    }
  })()], // prettier-ignore
  ['forgets something', 'a snapshot, installed, is the machine', /has the reply|no longer the same/, () => new (class extends Register {
    #count = 0n
    override apply(command: Command): Reply {
      super.apply(command)
      return { was: ++this.#count }
    }
  })()], // prettier-ignore
  ['merges what is installed', 'installing replaces everything', /installed in a used machine is no longer the same/, () => new (class extends Register {
    override install(state: State): void {
      for (const [key, value] of state) this.values.set(key, value)
    }
  })()], // prettier-ignore
  ['keeps a cache when it installs', 'installing replaces everything', /has the (reply|result)/, () => new (class extends Register {
    readonly #seen = new Map<string, bigint | null>()
    override apply(command: Command): Reply {
      const reply = super.apply(command)
      for (const key of ['a', 'b', 'c', 'ab', 'ß']) this.#seen.set(key, this.values.get(key) ?? null)
      return reply
    }
    override query(key: string): bigint | null {
      const seen = this.#seen.get(key) ?? super.query(key)
      return this.values.size % 2 === 0 ? super.query(key) : seen
    }
    override install(state: State): void {
      super.install(state)
      this.apply = (command: Command): Reply => super.apply(command)
    }
  })()], // prettier-ignore
  ['counts wrong', 'items come in the order of their keys', /count says/, () => new (class extends Items {
    override source(): SnapshotSource {
      return { ...super.source(), count: this.values.size + 1 }
    }
  })()], // prettier-ignore
  ['gives items as they came', 'items come in the order of their keys', /is not above that/, () => new (class extends Items {
    override source(): SnapshotSource {
      const all = [...super.source().items()].toReversed()
      return { count: all.length, items: () => all }
    }
  })()], // prettier-ignore
  ['finds only keys that are there', 'items are found from any key on', /from the key/, () => new (class extends Items {
    override source(): SnapshotSource {
      const all = [...super.source().items()]
      const find = (from: Uint8Array): number => all.findIndex(([key]) => Buffer.compare(key, from) === 0)
      return { count: all.length, items: (from) => (from === undefined ? all : all.slice(find(from))) }
    }
  })()], // prettier-ignore
  ['shows what it is still receiving', 'nothing of a state is seen before', /not committed yet/, () => new (class extends Items {
    override receiver(): SnapshotReceiver {
      this.values = new Map()
      const inner = super.receiver()
      return { add: (items) => (inner.add(items), inner.commit()), commit: () => {} }
    }
  })()], // prettier-ignore
]

describe('a machine that', () => {
  it.each(PLANTED)('%s is refused by its rule: %s', (_what, rule, says, create) => {
    const testCase = stateMachineCases.find(({ name }) => name.includes(rule))
    expect(testCase, rule).toBeDefined()
    const run = (): void => runStateMachineCase(testCase!, builderOf(create) as () => StateMachineBuilder<SimMachine>)
    expect(run).toThrow(says)
    expect(run).toThrow(new RegExp(`^broken rule: .*${rule}.*(at command \\d+ of 100|before the first command), seed \\d+\\)$`))
  })
})

test('each rule has caught something', () => {
  const rules = PLANTED.map(([, rule]) => stateMachineCases.find(({ name }) => name.includes(rule)))
  expect(new Set(rules)).toEqual(new Set(stateMachineCases))
})

test('the seed of a failure brings it back, at the same command', () => {
  const rare = builderOf(
    () =>
      new (class extends Register {
        override snapshot(): State {
          return this.values.size === 5 && [...this.values.keys()][0] === 'ß' ? [] : super.snapshot()
        }
      })(),
  )
  const testCase = stateMachineCases.find(({ name }) => name.startsWith('a snapshot, installed'))!
  const failure = (options: object): string => {
    try {
      runStateMachineCase(testCase, rare, options)
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  const message = failure({ histories: 200 })
  const seed = Number(/seed (\d+)/.exec(message)?.[1])
  expect(failure({ histories: 1, seed })).toBe(message)
})

test('wrong options are refused at once', () => {
  for (const options of [{ histories: 0 }, { commands: 0.5 }, { seed: 'one' as never }]) {
    expect(() => stateMachineSuite('x', journals, { describe, it }, options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
    )
  }
})

test('what the platform gives is as it was, also after a failure', () => {
  const before = [Date, Date.now, Math.random, performance.now, setTimeout, Object.getOwnPropertyNames(crypto)]
  const [, rule, , create] = PLANTED.find(([what]) => what === 'draws by chance')!
  const testCase = stateMachineCases.find(({ name }) => name.includes(rule))!
  expect(() => runStateMachineCase(testCase, builderOf(create) as never)).toThrow()
  expect([Date, Date.now, Math.random, performance.now, setTimeout, Object.getOwnPropertyNames(crypto)]).toEqual(before)
  expect(Date.now()).toBeGreaterThan(0)
})

test('what a builder does not have is not asked for; dates that are given are no clock', () => {
  const names: string[] = []
  const machine = (): StateMachine<number, never, never, string, string> => {
    let state = ''
    return {
      name: 'calendar',
      apply: (day, { index }) => (state = `${index} ${new Date(day).toISOString()}`),
      query: () => state as never,
      snapshot: () => state,
      install: (given) => void (state = given),
    }
  }
  const run = { describe: (_: string, body: () => void): void => body(), it: (name: string, body: () => Promise<void>) => (names.push(name), bodies.push(body)) } // prettier-ignore
  const bodies: (() => Promise<void>)[] = []
  stateMachineSuite('calendar', () => ({ create: machine, command: (prng) => prng.uint32(), usesContext: true }), run)
  expect(names).toHaveLength(stateMachineCases.filter(({ needs }) => needs === undefined).length)
  return Promise.all(bodies.map((body) => body()))
})
