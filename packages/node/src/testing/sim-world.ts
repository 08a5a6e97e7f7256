import type { Endpoint } from '@mosaik/core'
import { simWorld as endpointWorld } from '@mosaik/core/testing'
import type { SimWorld as EndpointWorld, PathOptions, SimEndpointOptions, SimWorldOptions } from '@mosaik/core/testing'
import { networkOn } from '../network.ts'
import type { Network, NetworkOptions } from '../network.ts'

/** Options of a node and of the machine it runs on. What only the real world has (`listen`, `relay`, `mdns`) is not among them. */
export type SimNodeOptions = SimEndpointOptions & Pick<NetworkOptions, 'discovery' | 'streams' | 'groups'>

/** One or several machines, named by what runs on them. */
export type Group = Network | Endpoint | readonly (Network | Endpoint)[]

/** A world of whole nodes. Whatever takes an endpoint in `@mosaik/core/testing` takes a network here. */
export interface SimWorld extends Omit<
  EndpointWorld,
  'partition' | 'breakConnection' | 'shapePath' | 'pause' | 'resume' | 'crash' | 'restart' | 'stepClock'
> {
  /** Starts a node of the network called `name`, on a machine of its own. */
  node(name: string, options?: SimNodeOptions): Promise<Network>
  /** Cuts the ways between a group and another one, by default everyone else. `oneWay` cuts only the way from `group`. Returns what heals just this cut. */
  partition(group: Group, others?: Group, options?: { readonly oneWay?: boolean }): () => void
  /** Both ends lose their connection now. False when there is none. */
  breakConnection(a: Network | Endpoint, b: Network | Endpoint): boolean
  /** Changes both ways between two machines from now on. */
  shapePath(a: Network | Endpoint, b: Network | Endpoint, shape: PathOptions): void
  /** Stops a process as `SIGSTOP` does. */
  pause(node: Network | Endpoint): void
  resume(node: Network | Endpoint): void
  /** Ends a process as `SIGKILL` does: no goodbye, and its handles are dead. */
  crash(node: Network | Endpoint): void
  /** Crashes a node unless that has happened, and starts it again: same key, same machine, same options, fresh memory. */
  restart(node: Network): Promise<Network>
  /** Moves a wall clock by so many milliseconds, either way. */
  stepClock(node: Network | Endpoint, ms: number): void
}

export function simWorld(options: SimWorldOptions): SimWorld {
  const world = endpointWorld(options)
  const started = new WeakMap<Network, SimNodeOptions>()

  const wire = async (endpoint: Endpoint, nodeOptions: SimNodeOptions): Promise<Network> => {
    const { discovery, streams, groups } = nodeOptions
    const network = await networkOn(endpoint, {
      ...(discovery !== undefined && { discovery }),
      ...(streams !== undefined && { streams }),
      ...(groups !== undefined && { groups }),
    })
    started.set(network, nodeOptions)
    return network
  }
  const node: SimWorld['node'] = async (name, nodeOptions = {}) => wire(await world.endpoint(name, nodeOptions), nodeOptions)
  const restart: SimWorld['restart'] = async (network) => wire(await world.restart(endpointOf(network)), started.get(network) ?? {})

  return {
    seed: world.seed,
    clock: world.clock,
    prng: world.prng,
    trace: world.trace,
    get now() {
      return world.now
    },
    endpoint: (name, endpointOptions) => world.endpoint(name, endpointOptions),
    disk: (name) => world.disk(name),
    node,
    restart,
    run: world.run.bind(world) as SimWorld['run'],
    settle: (work, limits) => world.settle(work, limits),
    heal: () => world.heal(),
    partition: (group, others, cut) => world.partition(endpointsOf(group), others === undefined ? undefined : endpointsOf(others), cut),
    breakConnection: (a, b) => world.breakConnection(endpointOf(a), endpointOf(b)),
    shapePath: (a, b, shape) => world.shapePath(endpointOf(a), endpointOf(b), shape),
    pause: (machine) => world.pause(endpointOf(machine)),
    resume: (machine) => world.resume(endpointOf(machine)),
    crash: (machine) => world.crash(endpointOf(machine)),
    stepClock: (machine, ms) => world.stepClock(endpointOf(machine), ms),
    close: () => world.close(),
    [Symbol.asyncDispose]: () => world.close(),
  }
}

const endpointOf = (machine: Network | Endpoint): Endpoint => ('discovery' in machine ? machine.discovery.endpoint : machine)

function endpointsOf(group: Group): readonly Endpoint[] {
  return (Array.isArray(group) ? (group as readonly (Network | Endpoint)[]) : [group as Network | Endpoint]).map(endpointOf)
}
