import { MosaikError } from '../../check/error.ts'
import { check } from '../../check/options.ts'
import { uniqueId } from '../../id/unique-id.ts'
import { secretKey } from '../../identity/secret-key.ts'
import type { Endpoint } from '../../net/endpoint.ts'
import { silentLogger } from '../../observe/logger.ts'
import { createMetrics } from '../../observe/registry.ts'
import type { Prng } from '../../random/prng.ts'
import { seededPrng } from '../../random/seeded.ts'
import type { Clock } from '../../time/clock.ts'
import type { Duration } from '../../time/duration.ts'
import { simDisk, type SimDisk } from './disk.ts'
import { Host, timelineClock, type HostParts } from './host.ts'
import { Medium } from './medium.ts'
import { Meeting } from './meeting.ts'
import { Network, type PathShape } from './network.ts'
import { SimEndpoint } from './sim-endpoint.ts'
import { SimRendezvous } from './sim-rendezvous.ts'
import { Timeline } from './timeline.ts'
import { RunningTrace, type Trace } from './trace.ts'
import type { Group, PathOptions, SimEndpointOptions, SimWorld, SimWorldOptions } from './world-types.ts'

/** 2026-01-01T00:00:00Z. */
const DEFAULT_START = 1_767_225_600_000
const FIRST_PORT = 4000

/**
 * A simulated world. Close it, or declare it with `await using`.
 *
 * ```ts
 * await using world = simWorld({ seed: 7 })
 * const [a, b] = [await world.endpoint('my-app'), await world.endpoint('my-app')]
 * b.handle('/hello', (stream) => …)
 * const stream = await world.run(a.open(b.addresses[0], '/hello'))
 * ```
 *
 * Throws `ERR_INVALID_OPTION`.
 */
export function simWorld(options: SimWorldOptions): SimWorld {
  return new World(options)
}

class World implements SimWorld {
  readonly seed: string
  readonly clock: Clock
  readonly prng: Prng
  readonly trace: Trace
  readonly #timeline = new Timeline()
  readonly #network: Network
  readonly #medium: Medium
  readonly #meeting: Meeting
  readonly #startAt: number
  /** Who was started last on each machine. */
  readonly #machines = new Map<string, SimEndpoint>()
  readonly #origins = new Map<SimEndpoint, { readonly name: string; readonly options: SimEndpointOptions }>()
  readonly #disks = new Map<string, SimDisk>()
  #count = 0

  constructor(options: SimWorldOptions) {
    const { latency = { min: 1, max: 20 } } = options
    const seed = String(options.seed)
    this.seed = check.text('seed', seed)
    this.#startAt = check.integer('startAt', options.startAt, { min: 0, default: DEFAULT_START })
    const min = check.duration('latency.min', latency.min, { max: '60s' }) * 1000
    const max = check.duration('latency.max', latency.max, { min: latency.min, max: '60s' }) * 1000
    const bandwidth = check.number('bandwidth', options.bandwidth, { min: 1, default: 125e6 })
    const jitter = check.number('jitter', options.jitter, { min: 0, max: 1, default: 0.1 })
    const loss = check.number('loss', options.loss, { min: 0, max: 1, default: 0 })
    const trace = new RunningTrace(check.integer('traceLines', options.traceLines, { min: 0, max: 1_000_000, default: 100 }))
    this.trace = trace
    this.#timeline.onEvent = ({ at, kind, owner }) => trace.fold(at, kind, owner?.index ?? 0)
    this.#network = new Network({ seed, latency: { min, max }, jitter, bandwidth, loss })
    const idleMs = check.duration('idleTimeout', options.idleTimeout, { min: 100, default: '3.2s' })
    this.#medium = new Medium(this.#timeline, this.#network, trace, idleMs)
    this.clock = timelineClock(this.#timeline, undefined, () => this.#startAt)
    this.prng = seededPrng(`${seed} test`)
    const prng = seededPrng(`${seed} internet`)
    const internet = this.#host({ index: 0, label: 'internet', address: '/memory/internet', prng, skewMs: 0 })
    this.#meeting = new Meeting(check.boolean('lan', options.lan, { default: false }), internet, () => this.#machines.values())
  }

  get now(): number {
    return this.#timeline.now / 1000
  }

  async endpoint(name: string, options: SimEndpointOptions = {}): Promise<Endpoint> {
    const index = this.#count + 1
    const networkName = check.text('name', name)
    const networkId = uniqueId(networkName)
    const address = check.address('address', options.address ?? `/ip4/127.0.0.1/udp/${FIRST_PORT + index}/quic-v1`)
    if (this.#machines.get(address)?.isOpen === true) throw new MosaikError('ERR_ALREADY_EXISTS', `address: ${address} is in use`)
    const label = options.label ?? `n${index}`
    const prng = seededPrng(`${this.seed} host ${index}`)
    const host = this.#host({ index, label, address, prng, skewMs: skewOf(options.clockSkew) })
    this.#count = index
    const endpoint = new SimEndpoint({
      medium: this.#medium,
      host,
      networkId,
      secretKey: options.secretKey ?? secretKey(`${this.seed} key ${index}`),
      online: options.online ?? false,
      logger: options.logger ?? silentLogger,
      metrics: options.metrics ?? createMetrics(),
      find: (at) => this.#find(at),
      rendezvous: (me) => new SimRendezvous(this.#medium, this.#meeting, me),
    })
    this.#machines.set(address, endpoint)
    this.#origins.set(endpoint, { name, options: { ...options, secretKey: endpoint.secretKey, address, label } })
    this.#medium.record('start', label, '', endpoint.id)
    this.#show(endpoint)
    return endpoint
  }

  disk(name: string): SimDisk {
    const disk = this.#disks.get(name) ?? simDisk({ seed: `${this.seed} ${check.text('name', name)}` })
    this.#disks.set(name, disk)
    return disk
  }

  run(duration: Duration): Promise<void>
  run<T>(work: Promise<T> | (() => Promise<T>), options?: { readonly within?: Duration }): Promise<T>
  run<T>(what: Duration | Promise<T> | (() => Promise<T>), options?: { readonly within?: Duration }): Promise<T | void> {
    if (typeof what === 'number' || typeof what === 'string') return this.#timeline.sleep(check.duration('duration', what) * 1000)
    return this.settle(what, options)
  }

  settle<T>(work: Promise<T> | (() => Promise<T>), options: { readonly within?: Duration } = {}): Promise<T> {
    const within = check.duration('within', options.within, { default: '10m' })
    return this.#timeline.drive(typeof work === 'function' ? work() : work, within * 1000, 'what the world was run for')
  }

  partition(group: Group, others?: Group, { oneWay = false }: { readonly oneWay?: boolean } = {}): () => void {
    const here = this.#machinesOf(group)
    const there = others === undefined ? undefined : this.#machinesOf(others)
    const crosses = (from: string, to: string): boolean => here.has(from) && (there === undefined ? !here.has(to) : there.has(to))
    const block = {
      stops: (from: Host, to: Host): boolean => crosses(from.address, to.address) || (!oneWay && crosses(to.address, from.address)),
    }
    this.#network.block(block)
    this.#medium.record(oneWay ? 'cut-one-way' : 'cut', [...here].join(), [...(there ?? ['the rest'])].join())
    this.#reassess()
    return () => {
      this.#network.unblock(block)
      this.#healed('heal-one')
    }
  }

  heal(): void {
    this.#network.unblock()
    this.#healed('heal')
  }

  breakConnection(a: Endpoint, b: Endpoint): boolean {
    const near = this.#own(a).liveEnd(b.id)
    if (near === undefined) return false
    this.#medium.record('break', near.host.label, near.other.host.label)
    for (const end of [near, near.other]) {
      this.#timeline.after(0, end.host, 'break', () => end.die(new MosaikError('ERR_CLOSED', `the connection to ${end.remotePeer} broke`)))
    }
    return true
  }

  shapePath(a: Endpoint, b: Endpoint, { latency, jitter, bandwidth, loss }: PathOptions): void {
    const change: { -readonly [K in keyof PathShape]?: number } = {}
    if (latency !== undefined) change.latency = check.duration('latency', latency, { max: '60s' }) * 1000
    if (jitter !== undefined) change.jitter = check.number('jitter', jitter, { min: 0, max: 1 })
    if (bandwidth !== undefined) change.bandwidth = check.number('bandwidth', bandwidth, { min: 1 })
    if (loss !== undefined) change.loss = check.number('loss', loss, { min: 0, max: 1 })
    this.#network.reshape(this.#own(a).host, this.#own(b).host, change)
    this.#medium.record('shape', this.#own(a).host.label, this.#own(b).host.label, JSON.stringify(change))
  }

  pause(endpoint: Endpoint): void {
    const { host } = this.#own(endpoint)
    if (host.state !== 'running') return
    host.state = 'paused'
    this.#medium.record('pause', host.label)
    this.#reassess()
  }

  resume(endpoint: Endpoint): void {
    const { host, ends } = this.#own(endpoint)
    if (host.state !== 'paused') return
    host.state = 'running'
    this.#medium.record('resume', host.label)
    this.#timeline.release(host)
    for (const end of ends) end.flush()
    this.#reassess()
  }

  crash(endpoint: Endpoint): void {
    const victim = this.#own(endpoint)
    if (victim.host.state === 'dead') return
    victim.kill()
    this.#medium.record('crash', victim.host.label)
    this.#reassess()
  }

  restart(endpoint: Endpoint): Promise<Endpoint> {
    const victim = this.#own(endpoint)
    this.crash(victim)
    const origin = this.#origins.get(victim)
    return this.endpoint(origin?.name as string, { ...origin?.options, clockSkew: victim.host.skewMs })
  }

  stepClock(endpoint: Endpoint, ms: number): void {
    const { host } = this.#own(endpoint)
    host.skewMs += check.number('ms', ms)
    this.#medium.record('step-clock', host.label, '', String(ms))
  }

  async close(): Promise<void> {
    this.#timeline.close()
    for (const endpoint of this.#origins.keys()) {
      endpoint.kill()
      await endpoint.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #host(parts: Omit<HostParts, 'timeline' | 'startAt'>): Host {
    return new Host({ timeline: this.#timeline, startAt: this.#startAt, ...parts })
  }

  #find(address: string): SimEndpoint | undefined {
    const found = this.#machines.get(address)
    return found?.isOpen === true ? found : undefined
  }

  #own(endpoint: Endpoint): SimEndpoint {
    if (endpoint instanceof SimEndpoint && this.#origins.has(endpoint)) return endpoint
    throw new MosaikError('ERR_INVALID_OPTION', `endpoint: ${endpoint.id} is not of this world`)
  }

  #machinesOf(group: Group): ReadonlySet<string> {
    const endpoints: readonly Endpoint[] = 'id' in group ? [group] : group
    return new Set(endpoints.map((endpoint) => this.#own(endpoint).host.address))
  }

  #healed(kind: string): void {
    this.#medium.record(kind, '')
    for (const endpoint of this.#machines.values()) for (const end of endpoint.ends) end.flush()
    this.#reassess()
  }

  #reassess(): void {
    for (const endpoint of this.#machines.values()) for (const end of endpoint.ends) end.reassess()
  }

  /** A local network shows a new node to those who look. */
  #show(endpoint: SimEndpoint): void {
    if (!this.#meeting.isLocal) return
    for (const other of this.#machines.values()) {
      if (other === endpoint || !other.isOpen || other.networkId !== endpoint.networkId) continue
      this.#medium.datagram(endpoint.host, other.host, 'mdns', 256, () => other.rendezvous.onShown(endpoint.addresses))
    }
  }
}

function skewOf(skew: Duration | undefined): number {
  return typeof skew === 'number' && Number.isFinite(skew) ? skew : check.duration('clockSkew', skew, { default: 0 })
}
