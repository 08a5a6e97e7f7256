import { endpointSuite, simWorld } from '@mosaik/core/testing'
import { describe, it } from 'vitest'

let seed = 0

endpointSuite(
  'simulated world',
  () => {
    const world = simWorld({ seed: seed++ })
    return {
      clock: world.clock,
      create: (name, options) => world.endpoint(name, options),
      run: (program) => world.run(program),
      kill: (endpoint) => world.crash(endpoint),
      [Symbol.asyncDispose]: () => world.close(),
    }
  },
  { describe, it },
)
