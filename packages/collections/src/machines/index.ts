/**
 * The collections as state machines: pure, synchronous, and told what they are by their options.
 *
 * @module
 */
export { cellMachine, onceMachine } from './cell.ts'
export { mapMachine } from './map.ts'
export { priorityQueueMachine } from './queue.ts'
export { outcomeOf } from './reply.ts'
export { setMachine } from './set.ts'
export { vecMachine } from './vec.ts'
export type * from './types.ts'
