#!/usr/bin/env node
/** The program: a role of the market, or with `demo` all of them, as processes. */
import { runProgram } from '@mosaik/cli'
import { demoCommand } from './commands/demo.ts'
import { matcherCommand } from './commands/matcher.ts'
import { observerCommand } from './commands/observer.ts'
import { traderCommand } from './commands/trader.ts'

await runProgram({
  name: 'mosaik-orderbook',
  description: 'A market: traders send orders, a group of matchers keeps the book, observers see the fills.',
  commands: [matcherCommand, traderCommand, observerCommand, demoCommand],
})
