/** Writes orders.csv beside this file: `node --conditions=@mosaik/source apps/orderbook/sample/generate.ts`. */
import { writeFileSync } from 'node:fs'
import { sampleText } from './sample.ts'

writeFileSync(new URL('orders.csv', import.meta.url), sampleText())
