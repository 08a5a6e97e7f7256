import type { Child, Fields } from './child.ts'
import type { Stage } from './stage.ts'
import { brokenSums, number, sumsOf } from './summary.ts'
import type { Outcome, Sums } from './summary.ts'

export interface StoryOptions {
  /** Instructions of each of the two traders. */
  readonly count: number
  /** Instructions per second of each. */
  readonly rate: number
  readonly seed: string
}

/** How it ended. */
export interface Result {
  readonly sums: Sums
  /** Sums that do not hold. None: all is well. */
  readonly broken: readonly string[]
  /** ms from SIGKILL until another matcher led, and until the next fill was seen. */
  readonly failover: { readonly leader: number; readonly fills: number }
  /** Instructions per second, from the first until all were acknowledged: the kill is in it. */
  readonly throughput: number
}

const STANDSTILL_MS = 1_000

/** Three matchers, two traders and an observer; a follower stands still, the leader is killed, another matcher joins; then everything is added up. */
export async function play(stage: Stage, { count, rate, seed }: StoryOptions): Promise<Result> {
  stage.say(`bootstrap listens at ${await stage.bootstrap()}`)
  for (const i of [1, 2, 3]) stage.start(`matcher-${i}`, 'matcher', '--check')
  const observer = stage.start('observer', 'observer')
  const flags = ['--count', String(count), '--rate', String(rate), '--seed', seed]
  const traders = ['ann', 'bob'].map((name) => stage.start(`trader ${name}`, 'trader', '--name', name, ...flags))
  const isReady = (): boolean =>
    stage.leader !== undefined &&
    stage.matchers.every(({ said }) => number(said('status'), 'voters') === 3) &&
    observer.said('status')['leader'] !== undefined
  stage.say(`3 matchers and an observer are one group after ${await stage.until('3 voters with a leader', isReady)} ms`)
  const all = count * traders.length
  const taken = (): number => Math.max(...stage.matchers.map(({ said }) => number(said('status'), 'instructions')))
  const reach = (share: number): Promise<number> => stage.until(`${share * 100} % of the instructions`, () => taken() >= all * share)

  await reach(0.1)
  await standStill(stage)
  await reach(0.3)
  const hasAll = (): boolean => traders.every(({ said }) => number(said('totals'), 'acknowledged') > 0)
  const failover = await killLeader(stage, observer, hasAll)
  await join(stage, taken)

  await stage.until('all instructions to be acknowledged', hasAll)
  const throughput = Math.round(all / Math.max(...traders.map(({ said }) => number(said('totals'), 'seconds'))))
  stage.say(`all ${all} instructions are acknowledged`)
  const outcome = await settled(stage, traders, observer, all)
  await stage.leave()
  const badly = stage.children.filter(({ state }) => state === 'failed').map(({ name }) => `${name} did not end well`)
  return { sums: sumsOf(outcome), broken: [...brokenSums(outcome), ...badly], failover, throughput }
}

async function leaderOf(stage: Stage): Promise<Child> {
  let leader: Child | undefined
  await stage.until('a leader', () => (leader = stage.leader) !== undefined)
  return leader as unknown as Child
}

async function killLeader(stage: Stage, observer: Child, isOver: () => boolean): Promise<Result['failover']> {
  const leader = await leaderOf(stage)
  const seen = (): number => number(observer.said('status'), 'fills')
  const term = number(leader.said('status'), 'term')
  await leader.kill()
  const killedAt = performance.now()
  stage.say(`killed ${leader.name} (pid ${leader.pid}), the leader, with SIGKILL`)
  const isLed = (): boolean => stage.matchers.some(({ said }) => number(said('leading'), 'term') > term)
  await stage.until('another leader', isLed)
  const led = Math.round(performance.now() - killedAt)
  const before = seen()
  await stage.until('the next fills', () => seen() > before || isOver())
  if (seen() === before) throw new Error('the leader was killed too late: give a higher --count')
  const fills = Math.round(performance.now() - killedAt)
  stage.say(`another matcher leads after ${led} ms, the next fills are seen after ${fills} ms`)
  return { leader: led, fills }
}

/** Two of three voters are a majority: nobody notices. */
async function standStill(stage: Stage): Promise<void> {
  const leader = await leaderOf(stage)
  const follower = stage.matchers.find((matcher) => matcher !== leader) as Child
  follower.pause()
  stage.say(`stopped ${follower.name}, a follower, with SIGSTOP`)
  const until = performance.now() + STANDSTILL_MS
  await stage.until('a moment to pass', () => performance.now() >= until)
  follower.resume()
  stage.say(`${follower.name} goes on`)
}

async function join(stage: Stage, taken: () => number): Promise<void> {
  const matcher = stage.start('matcher-4', 'matcher', '--check')
  const goal = taken()
  const ms = await stage.until('matcher-4 to catch up', () => number(matcher.said('status'), 'instructions') >= goal)
  stage.say(`matcher-4 has joined and caught up with ${goal} instructions after ${ms} ms`)
}

/** Until nothing happens any more, or it is late: then the sums say what is missing. */
async function settled(stage: Stage, traders: readonly Child[], observer: Child, all: number): Promise<Outcome> {
  const outcome = (): Outcome => ({
    traders: traders.map(({ said }) => said('totals')),
    matchers: stage.matchers.map(({ said }) => said('state')),
    observer: observer.said('status'),
  })
  const isWhole = (): boolean => {
    const { matchers, observer } = outcome()
    const have = (state: Fields): boolean => number(state, 'instructions') === all && number(state, 'fills') === number(observer, 'fills')
    return matchers.every((state) => have(state) && state['digest'] === matchers[0]?.['digest'])
  }
  try {
    await stage.until('all matchers and the observer to have everything', isWhole)
  } catch (error) {
    stage.say(error instanceof Error ? error.message : String(error))
  }
  return outcome()
}
