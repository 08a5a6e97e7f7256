import { MosaikError } from '@mosaik/core'
import type { Instruction } from './types.ts'

const NAME = /^[\w.:@/-]{1,64}$/

/**
 * The value itself, once it is certain that it is an instruction. Throws `ERR_INVALID_ORDER`, which names the first field that is wrong,
 * what it is and what it may be. Fields that an instruction has none of are not looked at.
 */
export function checkInstruction(value: unknown): Instruction {
  if (typeof value !== 'object' || value === null) throw mistake('an instruction', value, 'an object')
  const instruction = value as Instruction
  checkName('trader', instruction.trader)
  count('sequence', instruction.sequence)
  const { type } = instruction
  if (type === 'cancel') {
    count('order', instruction.order)
    if (instruction.order >= instruction.sequence) throw mistake('order', instruction.order, 'the sequence of an earlier order')
  } else if (type === 'order') {
    checkName('pair', instruction.pair)
    if (instruction.side !== 'buy' && instruction.side !== 'sell') throw mistake('side', instruction.side, `'buy' or 'sell'`)
    count('price', instruction.price)
    count('quantity', instruction.quantity)
  } else {
    throw mistake('type', type, `'order' or 'cancel'`)
  }
  return instruction
}

/** Throws `ERR_INVALID_ORDER` for what cannot name a trader or a pair. */
export function checkName(field: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || !NAME.test(value)) throw mistake(field, value, '1 to 64 letters, digits and . _ : @ / -')
}

function count(field: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw mistake(field, value, 'a whole number from 1 to 9007199254740991')
}

function mistake(field: string, value: unknown, allowed: string): MosaikError {
  return new MosaikError('ERR_INVALID_ORDER', `${field} is ${shown(value)}; it must be ${allowed}`, { value })
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
