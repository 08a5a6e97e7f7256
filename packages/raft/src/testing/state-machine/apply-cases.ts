import { check, MosaikError } from '@mosaik/core'
import { differenceOf } from '../machine-state.ts'
import { CODECS } from './history.ts'
import type { History } from './history.ts'
import { AT_ONCE, PURE } from './replica.ts'
import type { Replica } from './replica.ts'
import type { StateMachineCase } from './types.ts'

const MAX_BATCH = 8
/** Answers that a history is compared with at a time. */
const KEPT = 8

/** Commands and queries: what a machine does follows from what it was told, and from nothing else. */
export const applyCases: readonly StateMachineCase[] = [
  {
    name: 'it has a name, and if it has a version, a whole number',
    run: (history) => {
      const { name, version } = history.create()
      try {
        check.text('name', name)
        check.integer('version', version, { min: 0, default: 0 })
      } catch (error) {
        history.fail(0, MosaikError.is(error) ? error.message : String(error))
      }
    },
  },
  { name: AT_ONCE, run: playAll },
  { name: PURE, run: playAll },
  {
    name: CODECS,
    run: (history) => {
      const replica = history.replica()
      for (const [i, command] of history.commands.entries()) {
        history.survives('command', command, i + 1)
        history.survives('reply', replica.apply(i), i + 1)
        if (history.queries.length === 0) continue
        history.survives('query', history.queries[i], i + 1)
        history.survives('result', replica.query(i), i + 1)
      }
      const { machine } = replica
      if ('snapshot' in machine) history.survives('snapshot', machine.snapshot(), history.commands.length)
    },
  },
  {
    name: 'the same commands make the same replies and the same state',
    run: (history) => {
      const [one, other] = [history.replica(), history.replica()]
      sameState(history, 0, one, other)
      for (let i = 0; i < history.commands.length; i++) {
        history.same(i + 1, 'reply', one.apply(i), other.apply(i), 'another machine with the same commands')
        sameState(history, i + 1, one, other)
      }
    },
  },
  {
    name: 'commands do the same in one batch, in many, and alone',
    needs: 'no context',
    run: (history) => {
      const [alone, batched] = [history.replica(), history.replica()]
      let [index, offset, size] = [1, 0, 0]
      for (let i = 0; i < history.commands.length; i++) {
        if (offset === size) [index, offset, size] = [index + 1 + history.below(3), 0, 1 + history.below(MAX_BATCH)]
        const reply = batched.apply(i, { index, offset: offset++, term: index })
        history.same(i + 1, 'reply', alone.apply(i), reply, 'the command in a batch, at another index and in another term,')
      }
      sameState(history, history.commands.length, alone, batched)
    },
  },
  {
    name: 'queries change nothing, and answer the same again',
    needs: 'queries',
    run: (history) => {
      const [asked, quiet] = [history.replica(), history.replica()]
      for (let i = 0; i < history.commands.length; i++) {
        history.same(i + 1, 'reply', quiet.apply(i), asked.apply(i), 'a machine that is queried')
        const first = history.encode('result', asked.query(i), i + 1)
        history.same(i + 1, 'result', history.decode('result', first, i + 1), asked.query(i), 'the query, asked again,')
        sameState(history, i + 1, quiet, asked)
      }
    },
  },
  {
    name: 'replies and results do not change when the machine goes on',
    run: (history) => {
      const replica = history.replica()
      const kept: { readonly kind: 'reply' | 'result'; readonly at: number; readonly answer: unknown; readonly before: unknown }[] = []
      const keep = (kind: 'reply' | 'result', at: number, answer: unknown): unknown =>
        kept.push({ kind, at, answer, before: history.through(kind, answer, at) })
      for (let i = 0; i < history.commands.length; i++) {
        keep('reply', i + 1, replica.apply(i))
        if (history.queries.length > 0) keep('result', i + 1, replica.query(i))
        for (const { kind, at, answer, before } of kept) history.same(i + 1, kind, before, answer, `what was told at command ${at}`)
        while (kept.length > KEPT) kept.splice(history.below(kept.length), 1)
      }
    },
  },
]

/** What `Replica` looks at by itself is what is looked for. */
function playAll(history: History): void {
  const replica = history.replica()
  replica.install(replica.state(0), 0)
  for (let i = 0; i < history.commands.length; i++) {
    replica.apply(i)
    if (history.queries.length > 0) replica.query(i)
    replica.state(i + 1)
  }
}

function sameState(history: History, after: number, one: Replica, other: Replica): void {
  const difference = differenceOf(other.state(after), one.state(after))
  if (difference !== undefined) history.fail(after, `two machines differ that have had the same commands: ${difference}`)
}
