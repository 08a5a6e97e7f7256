/** Something that is not the same on every member. */
interface Outside {
  readonly owner: object
  readonly name: string
  readonly value: unknown
}

// What may not be used is used here once: to notice who uses it.
// oxlint-disable-next-line no-restricted-globals
const world = globalThis as unknown as { Date: DateConstructor; Math: object; performance: object; crypto: object }

/** The first that the code under way has touched. */
let touched: string | undefined

function refusal(what: string): () => never {
  return () => {
    touched ??= what
    throw new Error(`${what} is not the same on every member`)
  }
}

function refuse(owner: object, name: string, what: string): Outside {
  return { owner, name, value: refusal(what) }
}

/** Dates that are given a time are as good as any value. */
const fixedDates = new Proxy(world.Date, {
  construct: (target, args, newTarget) => (args.length === 0 ? refusal('new Date()')() : Reflect.construct(target, args, newTarget)),
  apply: refusal('Date()'),
  get: (target, name, receiver) => (name === 'now' ? refusal('Date.now()') : Reflect.get(target, name, receiver)),
})

const OUTSIDE: readonly Outside[] = [
  { owner: world, name: 'Date', value: fixedDates },
  refuse(world.Math, 'random', 'Math.random()'),
  refuse(world.performance, 'now', 'performance.now()'),
  refuse(world.crypto, 'getRandomValues', 'crypto.getRandomValues()'),
  refuse(world.crypto, 'randomUUID', 'crypto.randomUUID()'),
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'].map((name) => refuse(world, name, `${name}()`)),
]

/**
 * Runs something synchronous where the clock, chance and timers of the platform refuse to answer. `touched` names the first that it has
 * asked nevertheless, whether or not it has survived that.
 */
export function sealed<T>(work: () => T): { readonly touched: string | undefined; readonly value?: T; readonly error?: unknown } {
  const before = OUTSIDE.map(({ owner, name }) => Object.getOwnPropertyDescriptor(owner, name))
  touched = undefined
  try {
    for (const { owner, name, value } of OUTSIDE) Object.defineProperty(owner, name, { value, configurable: true, writable: true })
    const value = work()
    return { touched, value }
  } catch (error) {
    return { touched, error: error ?? new Error('nothing was thrown') }
  } finally {
    for (const [i, { owner, name }] of OUTSIDE.entries()) {
      const own = before[i]
      if (own === undefined) Reflect.deleteProperty(owner, name)
      else Object.defineProperty(owner, name, own)
    }
  }
}
