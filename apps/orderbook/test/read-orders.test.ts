import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Instruction } from '../src/market/types.ts'
import { CSV_HEADER, csvLine } from '../src/orders/csv.ts'
import { MAX_LINE } from '../src/orders/lines.ts'
import { readOrders } from '../src/orders/read-orders.ts'
import type { BadLineError } from '../src/orders/read-orders.ts'

const ORDER = { type: 'order', trader: 'ann', sequence: 1, pair: 'A/B', side: 'sell', price: 7, quantity: 8 } as const
const CANCEL = { type: 'cancel', trader: 'ann', sequence: 2, order: 1 } as const

let room: string
beforeAll(() => void (room = mkdtempSync(join(tmpdir(), 'orders-'))))
afterAll(() => rmSync(room, { recursive: true }))

function file(name: string, lines: readonly string[], end: string = '\n'): string {
  const path = join(room, name)
  writeFileSync(path, lines.map((line) => line + end).join(''))
  return path
}

/** What is read, by line, and what is wrong with the lines that are left out. */
async function readAll(path: string): Promise<{ read: [line: number, instruction: Instruction][]; bad: string[] }> {
  const bad: BadLineError[] = []
  const read: [number, Instruction][] = []
  for await (const { line, instruction } of readOrders(path, { onBad: 'skip', onSkip: (error) => bad.push(error) }))
    read.push([line, instruction])
  return { read, bad: bad.map(({ file: name, message }) => message.replace(name, '')) }
}

describe('CSV', () => {
  it('is read as it was written', async () => {
    const path = file('plain.csv', [CSV_HEADER, csvLine(ORDER), csvLine(CANCEL)])
    expect(await readAll(path)).toEqual({ read: [[2, ORDER], [3, CANCEL]], bad: [] }) // prettier-ignore
  })

  it('may have columns in any order and others, quotes, spaces, blank lines, a byte order mark and the line ends of Windows', async () => {
    const lines = ['\uFEFFtime,type, "price",side,quantity,sequence,trader,pair', '', '"9:00, sharp",order,7,"sell", 8 ,1,"ann",A/B', '  ']
    expect(await readAll(file('strange.csv', lines, '\r\n'))).toEqual({ read: [[3, ORDER]], bad: [] })
  })

  it('leaves names that are numbers as they are', async () => {
    const numbered = { ...ORDER, trader: '1001', pair: '0600519' }
    expect((await readAll(file('numbers.csv', [CSV_HEADER, csvLine(numbered)]))).read).toEqual([[2, numbered]])
  })

  it('ends lines at line feeds only, and loses nothing of what stands between two', async () => {
    const lines = [CSV_HEADER, csvLine(ORDER)]
    await expect(readAll(file('old.csv', lines, '\r'))).rejects.toThrow(/old.csv:1: lines must end with a line feed/)
    const { read, bad } = await readAll(file('stray.csv', [CSV_HEADER, `${csvLine(ORDER)}\r${csvLine(CANCEL)}`, csvLine(ORDER)]))
    expect([read, bad]).toEqual([[[3, ORDER]], [':2: it has 15 fields, and the first line 8']])
  })

  it('says the line and the mistake of each that is skipped, and reads the others', async () => {
    const lines = [
      CSV_HEADER,
      csvLine(ORDER),
      'ann,2,order,A/B,sell,7.5,8,',
      'ann,3,order,A/B,sell,7',
      'ann,4,order,A/B,"sell,7,8,',
      `ann,5,order,${'x'.repeat(MAX_LINE)},sell,7,8,`,
      'ann,6,order,A/B,,7,8,',
      'ann,7,cancel,,,,,1',
      'ann,8,sell,A/B,,7,8,',
      'bob,1,order,A/B,buy,99999999999999999999,8,',
    ]
    const { read, bad } = await readAll(file('bad.csv', lines))
    expect(read).toEqual([[2, ORDER], [8, CANCEL]]) // prettier-ignore
    expect(bad).toEqual([
      ':3: price is "7.5"; it must be a whole number from 1 to 9007199254740991',
      ':4: it has 6 fields, and the first line 8',
      expect.stringMatching(/^:5: Quote Not Closed/),
      `:6: it has more than ${MAX_LINE} characters`,
      `:7: side is missing; it must be 'buy' or 'sell'`,
      `:9: type is "sell"; it must be 'order' or 'cancel'`,
      expect.stringMatching(/^:10: price is "99999999999999999999"/),
    ])
  })

  it('does not let a quote reach the lines after it', async () => {
    const lines = [
      CSV_HEADER,
      csvLine(ORDER),
      '"ann,2,order',
      csvLine({ ...ORDER, sequence: 3 }),
      'ann,4"',
      csvLine({ ...ORDER, sequence: 5 }),
    ]
    const { read, bad } = await readAll(file('quotes.csv', lines))
    expect(read.map(([line]) => line)).toEqual([2, 4, 6])
    expect(bad).toEqual([expect.stringMatching(/^:3: Quote Not Closed/), expect.stringMatching(/^:5: .*Quote/)])
  })

  it('ends at the first bad line unless told otherwise', async () => {
    const path = file('fail.csv', [CSV_HEADER, csvLine(ORDER), 'ann,2,order', csvLine({ ...ORDER, sequence: 3 })])
    const orders = readOrders(path)
    expect(await orders.next()).toMatchObject({ value: { line: 2 } })
    await expect(orders.next()).rejects.toMatchObject({
      code: 'ERR_BAD_LINE',
      file: path,
      line: 3,
      message: `${path}:3: it has 3 fields, and the first line 8`,
    })
    expect(await orders.next()).toEqual({ done: true, value: undefined })
  })

  it('is read from a pipe as it is written, until the signal', async () => {
    const path = join(room, 'pipe.csv')
    execFileSync('mkfifo', [path])
    const control = new AbortController()
    const orders = readOrders(path, { signal: control.signal })
    const first = orders.next()
    const writer = await open(path, 'w')
    await writer.write(`${CSV_HEADER}\n${csvLine(ORDER)}\n`)
    expect(await first).toEqual({ done: false, value: { line: 2, instruction: ORDER } })
    const second = orders.next()
    control.abort()
    await expect(second).rejects.toMatchObject({ name: 'AbortError' })
    await writer.close()
  })

  it('waits for who writes to a pipe, until the signal', async () => {
    const path = join(room, 'nobody.csv')
    execFileSync('mkfifo', [path])
    const control = new AbortController()
    const first = readOrders(path, { signal: control.signal }).next()
    control.abort()
    await expect(first).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('needs a first line with the columns, also when bad lines are skipped', async () => {
    await expect(readAll(file('headless.csv', [csvLine(ORDER)]))).rejects.toThrow(
      /headless.csv:1: it names the columns, and among them must be trader, sequence/,
    )
    await expect(readAll(file('twice.csv', [`${CSV_HEADER},price`, `${csvLine(ORDER)},9`]))).rejects.toThrow(/price twice/)
    await expect(readAll(file('empty.csv', []))).rejects.toThrow(/empty.csv:1: it names no columns/)
    await expect(readAll(join(room, 'nowhere.csv'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is streamed: lines across the pieces of a large file keep their numbers', async () => {
    const count = 20_000
    const lines = Array.from({ length: count }, (_, i) => csvLine({ ...ORDER, sequence: i + 1, pair: 'P'.repeat(1 + (i % 64)) }))
    lines[12_344] = '"never closed'
    const { read, bad } = await readAll(file('large.csv', [CSV_HEADER, ...lines]))
    expect(read).toHaveLength(count - 1)
    expect(read.filter(([line, { sequence }]) => line !== sequence + (line > 12_346 ? 2 : 1))).toEqual([])
    expect(bad).toEqual([expect.stringMatching(/^:12346: Quote Not Closed/)])
  })
})

describe('JSON lines', () => {
  it('are read as they were written, whatever else is in them', async () => {
    const path = file('plain.jsonl', [JSON.stringify({ ...ORDER, time: '9:00' }), '', JSON.stringify(CANCEL)])
    expect(await readAll(path)).toEqual({ read: [[1, ORDER], [3, CANCEL]], bad: [] }) // prettier-ignore
  })

  it('say the line and the mistake', async () => {
    const lines = ['{"trader":', '[]', 'null', JSON.stringify({ ...ORDER, price: '7' }), ' '.repeat(MAX_LINE), `"${'x'.repeat(MAX_LINE)}"`]
    const { read, bad } = await readAll(file('bad.ndjson', lines))
    expect(read).toEqual([])
    expect(bad).toEqual([
      expect.stringMatching(/^:1: .*JSON/),
      ':2: it is no object',
      ':3: it is no object',
      expect.stringMatching(/^:4: price is "7"/),
      `:6: it has more than ${MAX_LINE} characters`,
    ])
  })
})

it('a line that is too long is told, also when the file ends with it, and what was cut off does not count', async () => {
  const text = `${JSON.stringify(ORDER)}${' '.repeat(MAX_LINE)}x`
  for (const lines of [[text], [text, JSON.stringify(CANCEL)]]) {
    expect((await readAll(file('long.jsonl', [lines.join('\n')], ''))).bad[0]).toBe(`:1: it has more than ${MAX_LINE} characters`)
  }
})

describe('numbering', () => {
  it('closes gaps, and lets cancels follow their orders', async () => {
    const order = (sequence: number): string => JSON.stringify({ ...ORDER, sequence })
    const cancel = (sequence: number, of: number): string => JSON.stringify({ ...CANCEL, sequence, order: of })
    const lines = [order(5), order(6), order(10), cancel(11, 10), cancel(12, 6), cancel(20, 7), cancel(21, 5), order(21), cancel(22, 4)]
    const { read, bad } = await readAll(file('gaps.jsonl', lines))
    expect(read.map(([line, { sequence, ...rest }]) => [line, sequence, 'order' in rest ? rest.order : undefined])).toEqual([
      [1, 1, undefined],
      [2, 2, undefined],
      [3, 3, undefined],
      [4, 4, 3],
      [5, 5, 2],
      [7, 6, 1],
    ])
    expect(bad).toEqual([
      ':6: order is 7; no earlier line of this trader has this sequence',
      ':8: sequence is 21; this trader has had 21, and it must be above',
      ':9: order is 4; no earlier line of this trader has this sequence',
    ])
  })
})
