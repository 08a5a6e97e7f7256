import { seededPrng } from '@mosaik/core'
import { simGroup } from '@mosaik/raft/testing'
import type { SimHandle } from '@mosaik/raft/testing'
import { expect, it } from 'vitest'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import type { Instruction } from '../src/market/types.ts'
import { RandomFlow } from './random-flow.ts'
import { SimpleEngine } from './simple-engine.ts'
import { sameFills } from './twin.ts'

const BATCH = 2

/** An order book that tells what it was given. */
function recorded(history: Instruction[]): OrderBook {
  const book = createOrderBook()
  return {
    ...book,
    apply: (command, context) => {
      if (!('refused' in command)) history.push(...command)
      return book.apply(command, context)
    },
  }
}

/** Sends until everything was taken, again and again what may have been: a call that ends without an answer may come to be later. */
async function trade(group: SimHandle<OrderBook>, own: readonly Instruction[]): Promise<number> {
  let unknown = 0
  for (let next = 0; next < own.length;) {
    try {
      const { reply } = await group.execute(own.slice(next, next + BATCH), { timeout: 120 })
      if ('refused' in reply) throw new Error(reply.refused)
      const gap = reply.exceptions.find(({ outcome }) => outcome === 'gap')
      next = gap?.outcome === 'gap' ? gap.expected - 1 : next + BATCH
    } catch (error) {
      if (!['ERR_OFFLINE', 'ERR_UNKNOWN'].includes((error as { code?: string }).code ?? '')) throw error
      unknown++
    }
  }
  return unknown
}

it.each([1, 2, 3])('a new leader goes on without an order lost or taken twice: seed %i', async (seed) => {
  const flow = new RandomFlow(seededPrng(seed))
  const sent = flow.instructions(1_200)
  const history: Instruction[] = []
  await using cluster = await simGroup({ machine: () => createOrderBook(), members: 3, seed, loss: 0.02, storage: 'durable' })
  const { group } = await cluster.add({ preference: 'observer', machine: () => recorded(history) })
  await cluster.settled()
  await cluster.run(async () => {
    const traders = Object.values(Object.groupBy(sent, ({ trader }) => trader)) as Instruction[][]
    const trading = Promise.all(traders.map((own) => trade(group, own)))
    let [isOver, crashes] = [false, 0]
    void trading.finally(() => (isOver = true)).catch(() => {})
    while (!isOver) {
      await cluster.pass(250)
      const leader = await cluster.leader()
      cluster.crash(leader)
      crashes++
      await cluster.pass(600)
      await cluster.restart(leader)
      await cluster.settled()
    }
    const unanswered = (await trading).reduce((sum, count) => sum + count, 0)
    expect(Math.min(crashes, unanswered), 'there was something to survive').toBeGreaterThan(2)
  })
  const { machine } = await cluster.converged()
  const engine = new SimpleEngine()
  for (const instruction of history) engine.take(instruction)
  sameFills(machine.fillsFrom(1).fills, engine.fills)
  expect(machine.brokenSums()).toEqual([])
  const { instructions, duplicates } = machine.read({ type: 'totals' })
  expect([instructions, instructions + duplicates > sent.length]).toEqual([sent.length, true])
})
