import { readFileSync } from 'node:fs'
import { datumCodec } from '@mosaik/core'
import type { CanonicalValue } from '@mosaik/core'
import { expect, test } from 'vitest'
import { bytesOfKeyText, keyText } from '../src/logic/key.ts'
import { priorityText } from '../src/logic/order.ts'
import { cellMachine, mapMachine, onceMachine, priorityQueueMachine, setMachine, vecMachine } from '../src/machines/index.ts'
import { id, Replica } from './machines/kit.ts'

const page = readFileSync(new URL('../../../docs/protocol/collections.md', import.meta.url), 'utf8')
const dense = page.replaceAll(' ', '')
const hex = (bytes: Uint8Array | string): string => Buffer.from(bytes as string, 'latin1').toString('hex')

test('the protocol page shows the bytes of commands, keys and priorities', () => {
  const map = new Replica(mapMachine({ id }))
  const queue = new Replica(priorityQueueMachine({ id }))
  expect(dense).toContain(`3812.5)${hex(map.encode('insert', 'ETH', 3812.5))}`)
  expect(dense).toContain(`undefined,1)${hex(map.encode('compareExchange', 'ETH', undefined, 1))}`)
  expect(dense).toContain(`toInclusive})${hex(queue.encode('removeRange', { from: 1, toInclusive: true }))}`)
  const keys: [string, CanonicalValue][] = [["'ü'", 'ü'], ['1', 1], ['-1.5', -1.5], ['1n', 1n], ['{a:1}', { a: 1 }]] // prettier-ignore
  for (const [shown, key] of keys) expect(dense).toContain(`${shown}${hex(bytesOfKeyText(keyText(key)))}`)
  for (const [shown, priority] of [['1n', 1n], ['-1n', -1n], ["'a\\0'", 'a\0']] as const) expect(dense).toContain(`priority${shown}${hex(priorityText(priority))}`) // prettier-ignore
})

test('the protocol page names every method', () => {
  const machines = [
    mapMachine({ id }),
    vecMachine({ id }),
    setMachine({ id }),
    cellMachine({ id }),
    onceMachine({ id }),
    priorityQueueMachine({ id }),
  ]
  const commands = page.slice(page.indexOf('## Commands'), page.indexOf('## Order'))
  for (const { kind, codecs } of machines) {
    const row = commands.split('\n').find((line) => line.startsWith(`| ${kind} |`)) ?? ''
    const named = Array.from(row.matchAll(/(?:\| |· )`(\w+)`/g), ([, name]) => name as string)
    expect(named.length).toBeGreaterThan(0)
    const { encode: encodeCommand } = datumCodec(codecs?.command)
    const encode = (method: string): unknown => encodeCommand({ method, args: [] })
    for (const method of named) {
      // It is known when only its arguments are missed.
      try {
        encode(method)
      } catch (error) {
        expect(String(error)).not.toContain('no method')
      }
    }
    expect(() => encode('another')).toThrow('no method')
  }
})
