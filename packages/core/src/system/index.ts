/**
 * The only door from `@mosaik/core` to the machine: its time, its randomness, its files, its standard error.
 *
 * ```ts
 * import { systemClock, systemLogger, systemPrng } from '@mosaik/core/system'
 *
 * systemClock.after(100, () => systemLogger.info('drawn: %d', systemPrng.uint32()))
 * ```
 *
 * @module
 */
export { systemClock } from './clock.ts'
export { systemDisk } from './disk.ts'
export { systemLogger } from './logger.ts'
export { systemPrng } from './prng.ts'
