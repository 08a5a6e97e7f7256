import { MosaikError } from '@mosaik/core'

/** Limits of what a consumer may ask a producer to evaluate for every datum. */
export const MAX_FIELDS = 64
export const MAX_CHOICES = 256
export const MAX_DEPTH = 8
export const MAX_NODES = 1024

/** Does this datum match? Never throws. */
export type Matcher = (datum: unknown) => boolean
type Test = (value: unknown) => boolean

const OPERATORS: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte', 'in'])

/**
 * Compiles criteria into a function. Every named field must satisfy its rule; a field that is absent satisfies none.
 * An object made of nothing but `gt`, `gte`, `lt`, `lte`, `in` is bounds and choices, everything else is the value to
 * equal, by value. Numbers and bigints compare by what they amount to, text by UTF-16 units; other kinds have no order.
 * Throws `ERR_PROTOCOL` for what is malformed or above the limits.
 */
export function compileCriteria(criteria: unknown): Matcher {
  if (!isRecord(criteria)) throw refuse('criteria are an object of fields and rules')
  const fields = Object.entries(criteria)
  if (fields.length > MAX_FIELDS) throw refuse(`${fields.length} fields, at most ${MAX_FIELDS} are allowed`)
  const budget = { nodes: MAX_NODES }
  const tests = fields.map(([field, rule]): readonly [string, Test] => [field, compileRule(field, rule, budget)])
  return (datum) => {
    if (typeof datum !== 'object' || datum === null) return tests.length === 0
    for (const [field, test] of tests) {
      if (!test(read(datum, field))) return false
    }
    return true
  }
}

/** Own data and the getters of the application's classes; a getter that throws has no value. */
function read(datum: object, field: string): unknown {
  try {
    return (datum as Record<string, unknown>)[field]
  } catch {
    return undefined
  }
}

function compileRule(field: string, rule: unknown, budget: { nodes: number }): Test {
  if (!isRecord(rule) || !isOperators(rule)) {
    measure(rule, budget, 0)
    return (value) => same(value, rule)
  }
  const tests = Object.entries(rule).map(([operator, bound]): Test => {
    if (operator === 'in') return compileChoices(field, bound, budget)
    if (!isOrdered(bound)) throw refuse(`${field}.${operator} is no number, bigint or text`)
    return compileBound(operator, bound)
  })
  return tests.length === 1 && tests[0] !== undefined ? tests[0] : (value) => tests.every((test) => test(value))
}

function compileChoices(field: string, choices: unknown, budget: { nodes: number }): Test {
  if (!Array.isArray(choices)) throw refuse(`${field}.in is no list`)
  if (choices.length > MAX_CHOICES) throw refuse(`${field}.in has ${choices.length} choices, at most ${MAX_CHOICES} are allowed`)
  measure(choices, budget, 0)
  const texts = new Set<unknown>(choices.filter((choice) => typeof choice === 'string'))
  const others = choices.filter((choice) => typeof choice !== 'string')
  return (value) => (typeof value === 'string' ? texts.has(value) : others.some((choice) => same(value, choice)))
}

type Ordered = number | bigint | string

function compileBound(operator: string, bound: Ordered): Test {
  const comparable = (value: unknown): value is Ordered => isOrdered(value) && (typeof value === 'string') === (typeof bound === 'string')
  switch (operator) {
    case 'gt':
      return (value) => comparable(value) && value > bound
    case 'gte':
      return (value) => comparable(value) && value >= bound
    case 'lt':
      return (value) => comparable(value) && value < bound
    default:
      return (value) => comparable(value) && value <= bound
  }
}

/** Equality by value, of what an application has with what came over the wire. */
function same(a: unknown, b: unknown): boolean {
  if (isNumeric(a) && isNumeric(b)) return sameAmount(a, b)
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (b instanceof Uint8Array) return a instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i])
  if (Array.isArray(b)) return Array.isArray(a) && a.length === b.length && b.every((item, i) => same(a[i], item))
  if (Array.isArray(a) || !isRecord(b)) return false
  const keys = Object.keys(b)
  return Object.keys(a).length === keys.length && keys.every((key) => Object.hasOwn(a, key) && same(read(a, key), b[key]))
}

/** `1` and `1n` amount to the same; so do `0` and `-0`, and NaN and NaN. */
function sameAmount(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return a === b || (Number.isNaN(a) && Number.isNaN(b))
  const [number, big] = typeof a === 'bigint' ? [b, a] : [a, b]
  return Number.isInteger(number) && BigInt(number) === big
}

/** Spends the budget of nodes and refuses what is nested too deeply, or is of no kind that can be compared. */
function measure(value: unknown, budget: { nodes: number }, depth: number): void {
  budget.nodes -= 1
  if (budget.nodes < 0) throw refuse(`more than ${MAX_NODES} values`)
  if (depth > MAX_DEPTH) throw refuse(`nested deeper than ${MAX_DEPTH}`)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (!Array.isArray(value) && !isRecord(value))
    throw refuse('only null, booleans, numbers, text, bytes, lists and plain objects can be compared')
  for (const item of Object.values(value)) measure(item, budget, depth + 1)
}

function isOperators(rule: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(rule)
  return keys.length > 0 && keys.every((key) => OPERATORS.has(key))
}

function isOrdered(value: unknown): value is Ordered {
  return isNumeric(value) || typeof value === 'string'
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function refuse(what: string): MosaikError {
  return new MosaikError('ERR_PROTOCOL', `criteria: ${what}`)
}
