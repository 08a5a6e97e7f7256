import { datumCodec } from '@mosaik/core'
import { isKeyed } from '../driver/machine-host.ts'
import type { AnyMachine } from '../driver/machine-host.ts'
import type { SnapshotItem, StateMachine } from '../types.ts'

/** The state of a machine as it is now, to be read as bytes at any time: of a machine without items one value without a key. */
export function viewOf(machine: AnyMachine): () => SnapshotItem[] {
  if (isKeyed(machine)) {
    const source = machine.source()
    return () => Array.from(source.items(), ([key, value]) => [key.slice(), value.slice()])
  }
  const codec = datumCodec((machine.codecs as StateMachine<unknown, unknown, unknown>['codecs'])?.snapshot)
  const snapshot = machine.snapshot()
  return () => [[new Uint8Array(), codec.encode(snapshot).slice()]]
}

/** The same at once. */
export function stateOf(machine: AnyMachine): SnapshotItem[] {
  return viewOf(machine)()
}

/** What is different between two states, in words; undefined when they are the same to the byte. */
export function differenceOf(one: readonly SnapshotItem[], other: readonly SnapshotItem[]): string | undefined {
  for (const [i, [key, value]] of one.entries()) {
    const [otherKey, otherValue] = other[i] ?? []
    if (otherKey === undefined || otherValue === undefined) return `${one.length} items instead of ${other.length}`
    if (!isSame(key, otherKey)) return `item ${i} has the key ${hex(key)} instead of ${hex(otherKey)}`
    const where = one.length === 1 ? 'the state' : `item ${i} (key ${hex(key)})`
    if (value.length !== otherValue.length) return `${where} has ${value.length} bytes instead of ${otherValue.length}`
    const at = value.findIndex((byte, j) => byte !== otherValue[j])
    if (at >= 0) return `${where}, of ${value.length} bytes, differs from byte ${at} on`
  }
  return one.length === other.length ? undefined : `${one.length} items instead of ${other.length}`
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
