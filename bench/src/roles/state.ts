import type { KeyedStateMachine, SnapshotItem } from '@mosaik/raft'

const ITEM_BYTES = 1_024
const ITEMS_PER_GROWTH = 1_024
const INDEX_BYTES = 4

export interface State {
  count: number
  /** Only ever appended to: a view of the state is how many there were. */
  values: Uint8Array[]
}

/** Counts what it is given, and grows by a thousand items of 1 KiB for each command of one byte. */
export function stateMachine(state: State): KeyedStateMachine<Uint8Array, null, number, number> {
  return {
    name: 'bench',
    codecs: { command: { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes } },
    apply: (command) => {
      if (command.length === 1) grow(state.values)
      return ++state.count
    },
    query: () => state.count,
    source: () => {
      const { count, values } = state
      const { length } = values
      return { count: 1 + length, items: (from) => itemsOf(count, values, length, from) }
    },
    receiver: () => {
      const aside: State = { count: 0, values: [] }
      return {
        add: (items) => {
          for (const [key, value] of items) {
            if (key.length < INDEX_BYTES) aside.count = Number(Buffer.from(value).readBigUInt64BE())
            else aside.values.push(value)
          }
        },
        commit: () => void Object.assign(state, aside),
      }
    },
  }
}

function grow(values: Uint8Array[]): void {
  for (let n = 0; n < ITEMS_PER_GROWTH; n += 1) values.push(new Uint8Array(ITEM_BYTES).fill(values.length))
}

/** The count first, under the empty key; then the values, each under its number. */
function* itemsOf(count: number, values: readonly Uint8Array[], length: number, from?: Uint8Array): Iterable<SnapshotItem> {
  const begin = from === undefined || from.length < INDEX_BYTES ? 0 : Buffer.from(from).readUInt32BE()
  if (from === undefined || from.length === 0) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(count))
    yield [new Uint8Array(0), bytes]
  }
  for (let index = begin; index < length; index += 1) {
    const key = Buffer.alloc(INDEX_BYTES)
    key.writeUInt32BE(index)
    yield [key, values[index] as Uint8Array]
  }
}
