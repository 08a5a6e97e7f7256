/** Writes orders.csv beside this file: `node --conditions=@mosaik/source apps/orderbook/sample/generate.ts`. */
import { renameSync, writeFileSync } from 'node:fs'
import { sampleText } from './sample.ts'

// Whoever reads it meanwhile reads all of it.
const [aside, file] = [new URL('.orders.csv', import.meta.url), new URL('orders.csv', import.meta.url)]
writeFileSync(aside, sampleText())
renameSync(aside, file)
