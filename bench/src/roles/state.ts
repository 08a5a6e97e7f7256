import type { StateMachine } from '@mosaik/node'

const PART_BYTES = 1_048_576

export interface State {
  count: number
  parts: Uint8Array[]
}

/** Counts what it is given, and grows by 1 MiB for each command of one byte. */
export function stateMachine(state: State): StateMachine<Uint8Array, null, number, number, State> {
  return {
    name: 'bench',
    codecs: { command: { encode: (bytes: Uint8Array) => bytes, decode: (bytes: Uint8Array) => bytes } },
    apply: (command) => {
      if (command.length === 1) state.parts = [...state.parts, new Uint8Array(PART_BYTES).fill(state.parts.length)]
      return ++state.count
    },
    query: () => state.count,
    snapshot: () => ({ count: state.count, parts: state.parts }),
    install: ({ count, parts }) => void Object.assign(state, { count, parts }),
  }
}
