import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Instruction } from '../src/market/types.ts'
import { readOrders } from '../src/orders/read-orders.ts'

const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const room = mkdtempSync(join(tmpdir(), 'orders-'))
afterAll(() => rmSync(room, { recursive: true }))

const ORDERS: readonly Instruction[] = [
  { type: 'order', trader: 'ann', sequence: 1, pair: 'APPLE/EUR', side: 'buy', price: 731, quantity: 12 },
  { type: 'order', trader: 'bob', sequence: 1, pair: 'APPLE/EUR', side: 'sell', price: 730, quantity: 5 },
  { type: 'cancel', trader: 'ann', sequence: 2, order: 1 },
]

function shown(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? ''
}

async function read(name: string, text: string): Promise<Instruction[]> {
  const path = join(room, name)
  writeFileSync(path, text)
  const instructions: Instruction[] = []
  for await (const { instruction } of readOrders(path)) instructions.push(instruction)
  return instructions
}

it('what the README shows as files of orders is read as what it means', async () => {
  expect(await read('orders.csv', shown('csv'))).toEqual(ORDERS)
  expect(await read('orders.json', shown('json'))).toEqual(ORDERS.filter(({ trader }) => trader === 'ann'))
})

it('the message that the README shows is that of such a line', async () => {
  const line = (sequence: number, price: string): string => `ann,${sequence},order,APPLE/EUR,buy,${price},12,`
  const good = Array.from({ length: 15 }, (_, i) => line(i + 1, '7'))
  const lines = ['trader,sequence,type,pair,side,price,quantity,order', ...good, line(16, '7.5')]
  const message = shown('text').trim()
  await expect(read('orders.csv', lines.join('\n'))).rejects.toThrow(message)
})
