import type { Fields } from './child.ts'

/** What the processes said at the end. */
export interface Outcome {
  /** `totals` of each trader. */
  readonly traders: readonly Fields[]
  /** `state` of each matcher that lives. */
  readonly matchers: readonly Fields[]
  /** The observer's last `status`. */
  readonly observer: Fields
}

/** What is added up, and what it comes to. */
export interface Sums {
  readonly sent: number
  readonly accepted: number
  readonly orders: number
  readonly open: number
  readonly filled: number
  readonly cancelled: number
  readonly rejected: number
  readonly fills: number
  readonly fillsSeen: number
  /** Lots and ticks that changed hands, by the fills on the stream, as text: they outgrow 2⁵³. */
  readonly lotsSeen: string
  readonly notionalSeen: string
  /** Matchers whose state was compared, and how many different ones there are. */
  readonly replicas: number
  readonly states: number
  /** Instructions that were sent once more, and were not taken once more. */
  readonly repeated: number
}

export function sumsOf({ traders, matchers, observer }: Outcome): Sums {
  const add = (name: string): number => traders.reduce((sum, fields) => sum + number(fields, name), 0)
  const [state = {}] = matchers
  return {
    sent: add('sent'),
    accepted: number(state, 'instructions'),
    orders: number(state, 'orders'),
    open: number(state, 'ordersOpen'),
    filled: number(state, 'ordersFilled'),
    cancelled: number(state, 'ordersCancelled'),
    rejected: number(state, 'rejected'),
    fills: number(state, 'fills'),
    fillsSeen: number(observer, 'fills'),
    lotsSeen: String(observer['lots']),
    notionalSeen: String(observer['notional']),
    replicas: matchers.length,
    states: new Set(matchers.map(({ digest }) => digest)).size,
    repeated: add('repeated'),
  }
}

/** Sums that do not hold, in words. */
export function brokenSums(outcome: Outcome): string[] {
  const { sent, accepted, orders, open, filled, cancelled, rejected, fills, fillsSeen, lotsSeen, notionalSeen, replicas, states } =
    sumsOf(outcome)
  const told = (name: string): number => outcome.traders.reduce((sum, fields) => sum + number(fields, name), 0)
  const acknowledged = told('acknowledged')
  const isTold = (name: string): boolean => outcome.matchers.every((fields) => fields[name] !== undefined)
  const texts = (name: string): string[] => outcome.matchers.map((fields) => String(fields[name]))
  const of = (name: string): number[] => outcome.matchers.map((fields) => number(fields, name))
  const rules: readonly (readonly [holds: boolean, words: string])[] = [
    [states === 1 && isTold('digest'), `${replicas} matchers have ${states} different states`],
    [
      outcome.matchers.every(({ broken }) => Array.isArray(broken) && broken.length === 0),
      'a matcher has sums of its book that are broken',
    ],
    [acknowledged === sent, `${sent} were sent, ${acknowledged} acknowledged`],
    [of('instructions').every((count) => count === sent), `${sent} were sent, matchers accepted ${of('instructions').join(', ')}`],
    [told('rejected') === rejected, `the traders were told of ${told('rejected')} rejected, ${rejected} were`],
    [accepted === orders + cancelled + rejected, `${accepted} accepted, but ${orders} orders, ${cancelled} cancels, ${rejected} rejected`],
    [orders === open + filled + cancelled, `${orders} orders, but ${open} open, ${filled} filled, ${cancelled} cancelled`],
    [of('fills').every((count) => count === fillsSeen), `${fillsSeen} fills on the stream, ${of('fills').join(', ')} in the machines`],
    [
      texts('lotsBought').every((lots) => lots === lotsSeen),
      `${lotsSeen} lots on the stream, ${texts('lotsBought').join(', ')} in the machines`,
    ],
    [
      texts('notional').every((ticks) => ticks === notionalSeen),
      `${notionalSeen} ticks on the stream, ${texts('notional').join(', ')} in the machines`,
    ],
    [fills > 0, 'nothing was filled'],
    [number(outcome.observer, 'lost') === 0, `${number(outcome.observer, 'lost')} fills were lost`],
  ]
  return rules.filter(([holds]) => !holds).map(([, words]) => words)
}

export function number(fields: Fields, name: string): number {
  const value = fields[name]
  return typeof value === 'number' ? value : 0
}
