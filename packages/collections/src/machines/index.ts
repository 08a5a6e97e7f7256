/**
 * The collections as state machines: pure, synchronous, and told what they are by their options.
 *
 * @module
 */
export { mapMachine } from './map.ts'
export type * from './types.ts'
