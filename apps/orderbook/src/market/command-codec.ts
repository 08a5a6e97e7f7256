import { cbor, MosaikError } from '@mosaik/core'
import type { Codec } from '@mosaik/core'
import { checkInstruction } from './check-instruction.ts'
import type { Command, Instruction } from './types.ts'

const plain = cbor<unknown>()

/**
 * On the wire an order is `[trader, sequence, pair, isSell, price, quantity]`, a cancel `[trader, sequence, order]`. Encoding throws
 * `ERR_INVALID_DATUM` for what is no command, before anything is sent. What arrives and is none is decoded as such, and never throws:
 * every member turns it down alike.
 */
export function commandCodec(mostInstructions: number): Codec<Command> {
  const checkCount = (count: number): void => {
    if (count > mostInstructions) throw invalid(`${count} instructions in one command; ${mostInstructions} are allowed`)
  }
  return {
    encode: (command) => {
      if ('refused' in command) throw invalid(command.refused)
      checkCount(command.length)
      return plain.encode(command.map((instruction) => packed(checkInstruction(instruction))))
    },
    decode: (bytes) => {
      try {
        const list = plain.decode(bytes)
        if (!Array.isArray(list)) throw invalid('a command is a list of instructions')
        checkCount(list.length)
        return list.map(unpacked)
      } catch (cause) {
        return { refused: cause instanceof Error ? cause.message : String(cause) }
      }
    },
  }
}

function packed(instruction: Instruction): readonly unknown[] {
  const { trader, sequence } = instruction
  if (instruction.type === 'cancel') return [trader, sequence, instruction.order]
  const { pair, side, price, quantity } = instruction
  return [trader, sequence, pair, side === 'sell', price, quantity]
}

function unpacked(item: unknown): Instruction {
  if (!Array.isArray(item)) throw invalid('an instruction is a list')
  if (item.length === 3) {
    const [trader, sequence, order] = item
    return checkInstruction({ type: 'cancel', trader, sequence, order })
  }
  if (item.length !== 6 || typeof item[3] !== 'boolean') throw invalid('an instruction has 3 fields, or 6 with a side')
  const [trader, sequence, pair, isSell, price, quantity] = item
  return checkInstruction({ type: 'order', trader, sequence, pair, side: isSell ? 'sell' : 'buy', price, quantity })
}

function invalid(message: string): MosaikError {
  return new MosaikError('ERR_INVALID_DATUM', message)
}
