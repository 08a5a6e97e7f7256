import { textOf } from './kit.ts'

/** The same collection as anyone would write it down, without any thought of speed. */
export interface Twin {
  /** Answers the result. */
  write(method: string, ...args: readonly never[]): unknown
  /** All that is there. */
  contents(): unknown
}

type Methods = Readonly<Record<string, (...args: never[]) => unknown>>

function twin(methods: Methods, contents: () => unknown): Twin {
  return { contents, write: (method, ...args) => (methods[method] as (...all: readonly never[]) => unknown)(...args) }
}

const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b)
const keep = <T>(all: Map<string, T>): number => {
  const { size } = all
  all.clear()
  return size
}

export function mapTwin(): Twin {
  const all = new Map<string, [unknown, unknown]>()
  const remove = (k: unknown): unknown => {
    const previous = all.get(textOf(k))
    all.delete(textOf(k))
    return previous?.[1]
  }
  const insert = (k: unknown, v: unknown): unknown => {
    const previous = all.get(textOf(k))
    all.set(textOf(k), [k, v])
    return previous?.[1]
  }
  return twin(
    {
      insert,
      extend: (entries: [unknown, unknown][]) => (entries.forEach(([k, v]) => insert(k, v)), entries.length),
      remove,
      removeMany: (keys: unknown[]) => keys.filter((k) => remove(k) !== undefined).length,
      compareExchange: (k: unknown, expected: unknown, next: unknown) => {
        if (!isSame(all.get(textOf(k))?.[1], expected)) return false
        if (next === undefined) remove(k)
        else insert(k, next)
        return true
      },
      clear: () => keep(all),
    },
    () => [...all.values()],
  )
}

export function setTwin(): Twin {
  const all = new Map<string, unknown>()
  const insert = (v: unknown): boolean => !all.has(textOf(v)) && (all.set(textOf(v), v), true)
  const remove = (v: unknown): boolean => all.delete(textOf(v))
  return twin(
    {
      insert,
      extend: (values: unknown[]) => values.filter(insert).length,
      remove,
      removeMany: (values: unknown[]) => values.filter(remove).length,
      clear: () => keep(all),
    },
    () => [...all.values()],
  )
}

export function vecTwin(): Twin {
  const all: unknown[] = []
  const has = (i: number): boolean => i >= 0 && i < all.length
  return twin(
    {
      pushBack: (v: unknown) => all.push(v),
      pushFront: (v: unknown) => all.unshift(v),
      insert: (i: number, v: unknown) => i >= 0 && i <= all.length && (all.splice(i, 0, v), true),
      extend: (values: unknown[]) => all.push(...values),
      popBack: () => all.pop(),
      popFront: () => all.shift(),
      remove: (i: number) => (has(i) ? all.splice(i, 1)[0] : undefined),
      set: (i: number, v: unknown) => (has(i) ? all.splice(i, 1, v)[0] : undefined),
      swap: (i: number, j: number) => has(i) && has(j) && (([all[i], all[j]] = [all[j], all[i]]), true), // prettier-ignore
      truncate: (n: number) => (n < 0 ? 0 : all.splice(n).length),
      clear: () => all.splice(0).length,
    },
    () => [...all],
  )
}

export function cellTwin(): Twin {
  let value: unknown
  const swap = (next: unknown): unknown => {
    const previous = value
    value = next
    return previous
  }
  return twin(
    {
      write: swap,
      compareExchange: (expected: unknown, next: unknown) => isSame(value, expected) && (swap(next), true),
      clear: () => swap(undefined),
    },
    () => value,
  )
}

export function onceTwin(): Twin {
  let value: unknown
  return twin({ write: (v: unknown) => value === undefined && ((value = v), true) }, () => value)
}

type Entry = readonly [priority: number | bigint | string, key: string, value: unknown]
type Range = { from?: Entry[0]; to?: Entry[0]; fromExclusive?: boolean; toInclusive?: boolean }

/** Of priorities of one type, and text as keys. */
export function queueTwin(capacity: number = Number.POSITIVE_INFINITY): Twin {
  let all: Entry[] = []
  const compare = (a: unknown, b: unknown): number => {
    if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
    return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
  }
  const find = (key: string): Entry | undefined => all.find((entry) => entry[1] === key)
  const remove = (key: string): Entry | undefined => {
    const found = find(key)
    all = all.filter((entry) => entry !== found)
    return found
  }
  const put = (entry: Entry): void => {
    remove(entry[1])
    all = [...all, entry].toSorted((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
  }
  const insert = (...entry: Entry): Entry | undefined => (put(entry), all.length > capacity ? all.shift() : undefined)
  const removeWhere = (is: (entry: Entry) => boolean): number => {
    const before = all.length
    all = all.filter((entry) => !is(entry))
    return before - all.length
  }
  return twin(
    {
      insert,
      extend: (entries: Entry[]) => (entries.forEach((entry) => insert(...entry)), entries.length),
      updatePriority: (key: string, priority: Entry[0]) => {
        const found = find(key)
        if (found !== undefined) put([priority, key, found[2]])
        return found !== undefined
      },
      updateValue: (key: string, value: unknown) => {
        const found = find(key)
        if (found !== undefined) put([found[0], key, value])
        return found !== undefined
      },
      compareExchangeValue: (key: string, expected: unknown, next: unknown) => {
        const found = find(key)
        if (found === undefined || !isSame(found[2], expected)) return false
        if (next === undefined) remove(key)
        else put([found[0], key, next])
        return true
      },
      remove,
      removeMany: (keys: string[]) => keys.filter((key) => remove(key) !== undefined).length,
      removeRange: ({ from, to, fromExclusive, toInclusive }: Range) =>
        removeWhere(([priority]) => {
          const low = from === undefined ? 1 : compare(priority, from)
          const high = to === undefined ? -1 : compare(priority, to)
          return (fromExclusive === true ? low > 0 : low >= 0) && (toInclusive === true ? high <= 0 : high < 0)
        }),
      popMin: () => all.shift(),
      popMax: () => all.pop(),
      clear: () => removeWhere(() => true),
    },
    () => all,
  )
}
