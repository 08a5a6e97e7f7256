/** What one core does: `node --conditions=@mosaik/source apps/orderbook/bench/speed.ts`. Prints the table that README.md has. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Codec } from '@mosaik/core'
import type { ApplyContext } from '@mosaik/raft'
import { SAMPLE, SAMPLE_INSTRUCTIONS } from '../sample/sample.ts'
import { LIMITS } from '../src/market/limits.ts'
import { createOrderBook } from '../src/market/order-book.ts'
import type { OrderBook } from '../src/market/order-book.ts'
import type { Command, Instruction } from '../src/market/types.ts'
import { CSV_HEADER, csvLine } from '../src/orders/csv.ts'
import { flow } from '../src/orders/flow.ts'
import { readOrders } from '../src/orders/read-orders.ts'
import { SimpleEngine } from '../test/simple-engine.ts'

const MANY = 1_000_000
const BATCH = 500
const ROUNDS = 3
const VIEWED = 16
const NO_CONTEXT = undefined as unknown as ApplyContext // it is not looked at
/** Items that a group reads or installs in one turn of the event loop. */
const CHUNK = 2_000

const row = (what: string, value: string): void => console.log(`| ${what} | ${value} |`)
const perSecond = (count: number, ms: number): string => `${Math.round(count / ms)} k/s`
const inMs = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

/** CPU time of this thread, ms: other programs do not count, nor do the helpers of the garbage collector. */
function now(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** The best of some rounds, ms. What is made before a round is not measured. */
async function best<T>(prepare: () => T, work: (prepared: T) => unknown): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const prepared = prepare()
    const start = now()
    await work(prepared)
    times.push(now() - start)
  }
  return Math.min(...times)
}

function batches(instructions: readonly Instruction[]): Instruction[][] {
  return Array.from({ length: Math.ceil(instructions.length / BATCH) }, (_, i) => instructions.slice(i * BATCH, (i + 1) * BATCH))
}

function applyAll(book: OrderBook, commands: readonly Command[]): void {
  for (const command of commands) book.apply(command, NO_CONTEXT)
}

/** As many traders, accounts, fills and open orders as there may be. Two neighbours trade twice with each other, then they only wait. */
function fullBook(): OrderBook {
  const book = createOrderBook()
  const waiting = LIMITS.openOrders / LIMITS.traders
  for (let sequence = 1; sequence <= 2 + waiting; sequence++) {
    for (let first = 0; first < LIMITS.traders; first += BATCH) {
      const order = (_: unknown, i: number): Instruction => orderOf(first + i, sequence)
      book.apply(Array.from({ length: Math.min(BATCH, LIMITS.traders - first) }, order), NO_CONTEXT)
    }
  }
  return book
}

function orderOf(trader: number, sequence: number): Instruction {
  const isBuyer = trader % 2 === 0
  const pair = `pair-${(trader >> 1) % (LIMITS.pairs / 2)}-${sequence % 2}`
  const away = sequence <= 2 ? 0 : isBuyer ? -1 - ((trader + sequence) % 97) : 1 + ((trader + sequence) % 97)
  const side = isBuyer ? 'buy' : 'sell'
  return { type: 'order', trader: `trader-${trader}`, sequence, pair, side, price: 1_000 + away, quantity: sequence }
}

async function measureFlow(): Promise<void> {
  const all = [...flow(SAMPLE).take(MANY)].map(({ instruction }) => instruction)
  const codec = createOrderBook().codecs?.command as Codec<Command>
  const commands = batches(all)
  const sent = commands.map((command) => codec.encode(command).slice())
  const bytes = sent.reduce((sum, { length }) => sum + length, 0) / MANY
  row(
    `the machine, ${MANY / 1e6} million instructions in commands of ${BATCH}`,
    perSecond(MANY, await best(createOrderBook, (book) => applyAll(book, commands))),
  )
  const viewed = await best(createOrderBook, (book) => {
    for (let i = 0; i < commands.length; i += VIEWED) {
      applyAll(book, commands.slice(i, i + VIEWED))
      book.source()
    }
  })
  row(`the same with a view of the state after each ${VIEWED} commands`, perSecond(MANY, viewed))
  const decoded = await best(createOrderBook, (book) => applyAll(book, sent.map((each) => codec.decode(each)))) // prettier-ignore
  row(`the machine, such commands from bytes (${bytes.toFixed(1)} of an instruction)`, perSecond(MANY, decoded))
  const alone = all.map((instruction) => [instruction])
  row('the machine, each instruction a command of its own', perSecond(MANY, await best(createOrderBook, (book) => applyAll(book, alone))))

  const sample = all.slice(0, SAMPLE_INSTRUCTIONS)
  row('the machine, the sample', perSecond(SAMPLE_INSTRUCTIONS, await best(createOrderBook, (book) => applyAll(book, batches(sample)))))
  const simple = await best(() => new SimpleEngine(), (engine) => sample.forEach((each) => engine.take(each))) // prettier-ignore
  row('the simple engine of the tests, the sample', perSecond(SAMPLE_INSTRUCTIONS, simple))
  await measureReading(all)
}

async function measureReading(all: readonly Instruction[]): Promise<void> {
  const room = mkdtempSync(join(tmpdir(), 'orders-'))
  try {
    const files = { 'orders.csv': [CSV_HEADER, ...all.map(csvLine)], 'orders.jsonl': all.map((each) => JSON.stringify(each)) }
    for (const [name, lines] of Object.entries(files)) {
      const path = join(room, name)
      writeFileSync(path, lines.join('\n'))
      const read = async (): Promise<void> => {
        for await (const _ of readOrders(path));
      }
      row(`lines read of ${name.split('.')[1]}`, perSecond(MANY, await best(() => {}, read)))
    }
  } finally {
    rmSync(room, { recursive: true })
  }
}

async function measureState(): Promise<void> {
  const book = fullBook()
  const source = book.source()
  row('a view of the state is taken in', inMs(await best(() => {}, () => book.source()))) // prettier-ignore
  const items = [...source.items()].map(([key, value]) => [key.slice(), value.slice()] as const)
  const read: number[] = []
  const iterator = source.items()[Symbol.iterator]()
  for (let i = 0; i < source.count; i += CHUNK) read.push(timed(() => { for (let j = 0; j < CHUNK; j++) iterator.next() })) // prettier-ignore
  row(`its ${source.count} items are read in`, partsOf(read))
  const installed: number[] = []
  const receiver = createOrderBook().receiver()
  for (let i = 0; i < items.length; i += CHUNK) installed.push(timed(() => receiver.add(items.slice(i, i + CHUNK))))
  installed.push(timed(() => receiver.commit()))
  row('they are installed in', partsOf(installed))
}

function timed(work: () => unknown): number {
  const start = now()
  work()
  return now() - start
}

function partsOf(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const whole = times.reduce((sum, time) => sum + time, 0)
  return `${inMs(whole)}; ${CHUNK} of them in ${inMs(sorted[sorted.length >> 1] as number)} (median), ${inMs(sorted.at(-1) as number)} (longest)`
}

console.log(`Node ${process.version}, ${cpus()[0]?.model}, best of ${ROUNDS}\n\n| | |\n| --- | ---: |`)
await measureFlow()
console.log(`\nA book with everything at its limits, ${LIMITS.openOrders} open orders among it:\n\n| | |\n| --- | ---: |`)
await measureState()
