import { componentLogger, createScope, isPeerId, MosaikError, splitAddress } from '@mosaik/core'
import type { Endpoint, PeerId, Scope } from '@mosaik/core'
import type { DiscoveryConfig } from '../config.ts'
import { PING_PROTOCOL, SYNC_PROTOCOL } from '../wire/protocols.ts'
import { MAX_ADDRESSES } from '../wire/limits.ts'
import { Announcer } from './announcer.ts'
import { Connector } from './connector.ts'
import type { NodeContext } from './context.ts'
import { sayFarewell } from './farewell.ts'
import { follow } from './follow.ts'
import { Intake } from './intake.ts'
import { Keeper } from './keeper.ts'
import { Meeting } from './meeting.ts'
import { createMeters } from './meters.ts'
import { Pinger } from './pinger.ts'
import { Puller } from './puller.ts'
import { Reconciler } from './reconciler.ts'
import { Syncer } from './syncer.ts'

/** Everything that runs for one node's discovery, wired together and ended together. */
export class DiscoveryNode {
  readonly keeper: Keeper
  readonly intake: Intake
  readonly pinger: Pinger
  readonly connector: Connector
  readonly #node: NodeContext
  readonly #scope: Scope
  readonly #announcer: Announcer
  readonly #syncer: Syncer
  readonly #meeting: Meeting
  #serving = false
  #closing: Promise<void> | undefined

  constructor(endpoint: Endpoint, config: DiscoveryConfig) {
    const log = componentLogger(endpoint.logger, 'mosaik:discovery')
    const meters = createMeters(endpoint.metrics, endpoint.networkId)
    this.keeper = new Keeper(endpoint, config, meters, log)
    this.intake = new Intake(endpoint, this.keeper, config, meters, log)
    this.#scope = createScope({ onError: (error) => log.error('a task of discovery failed: %o', error) })
    const node: NodeContext = { endpoint, config, keeper: this.keeper, intake: this.intake, meters, log, scope: this.#scope }
    this.#node = node
    const neighbours = (): ReadonlySet<PeerId> => this.#announcer.neighbours
    this.#syncer = new Syncer(node, {
      onUnfetched: (head, from) => puller.want(head, from),
      onToldDeparture: (head) => this.#announcer.announce({ head, details: undefined }),
    })
    const puller = new Puller(node, this.#syncer)
    const reconciler = new Reconciler(node, this.#syncer, neighbours)
    this.connector = new Connector(node, this.#syncer, neighbours)
    this.pinger = new Pinger(node)
    this.#meeting = new Meeting(node, this.connector)
    this.#announcer = new Announcer(node)
    this.#wire(puller, reconciler)
  }

  /** Serves, listens and looks for others from now on. */
  async start(): Promise<void> {
    const { endpoint, config, log } = this.#node
    if (config.announceInterval * (1 + config.announceJitter) >= config.purgeAfter)
      log.warn('announceInterval is so long that peers with a purgeAfter like the one here take this node for gone in between')
    this.#serve(SYNC_PROTOCOL, (stream) => this.#syncer.accept(stream))
    this.#serve(PING_PROTOCOL, (stream) => this.pinger.accept(stream))
    this.#serving = true
    this.#announcer.start()
    this.pinger.start()
    this.#scope.spawn((signal) => follow(endpoint.addressesWatch, signal, (addresses) => this.#setAddresses(addresses)))
    this.connector.start()
    await this.#meeting.start()
  }

  /** Compares catalogs with whoever is at an address, or with a peer. */
  async syncWith(to: string, signal: AbortSignal | undefined): Promise<void> {
    const { endpoint } = this.#node
    const either = signal === undefined ? this.#scope.signal : AbortSignal.any([signal, this.#scope.signal])
    const peer = isPeerId(to) ? to : splitAddress(to).peerId
    if (peer === endpoint.id) throw new MosaikError('ERR_INVALID_OPTION', `syncWith: ${to} is this node itself`)
    const found = await endpoint.connect(to, { signal: either })
    if (!isPeerId(to)) this.connector.remember(found, [to])
    await this.#syncer.sync(found, either)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#serving) await sayFarewell(this.#node, this.#announcer, this.#syncer, this.#announcer.neighbours)
    this.keeper.close()
    await this.#scope.close(new MosaikError('ERR_CLOSED', 'discovery was closed'))
  }

  #wire(puller: Puller, reconciler: Reconciler): void {
    const { keeper, connector, pinger } = this
    const announcer = this.#announcer
    keeper.onOwnChange = () => announcer.announceOwn()
    keeper.onLost = (entry) => connector.lostSight(entry.peerId, entry.addresses)
    keeper.onChange = (change) => {
      if (change.type === 'departed') pinger.departed(change.peerId)
      else if (change.type === 'discovered') pinger.discovered(change.entry.peerId)
    }
    this.intake.onTaken = (head, isNews) => {
      puller.arrived(head)
      if (isNews) reconciler.news()
      if (head.details === undefined) connector.forget(head.peerId)
    }
    this.#syncer.onCompared = (peer, news) => reconciler.compared(peer, news)
    announcer.onUnfetched = (head, from) => puller.want(head, from)
    announcer.onCompany = () => reconciler.settleIn()
    announcer.onNeighbour = (peer) => {
      connector.met(peer)
      reconciler.greet(peer)
    }
    announcer.onNeighbours = () => connector.changed()
    announcer.onTick = () => {
      keeper.expire()
      this.intake.reclaim()
      reconciler.tick()
      connector.probe()
      connector.changed()
      connector.tidy((peer) => pinger.isProbed(peer))
    }
  }

  #serve(protocol: string, accept: Parameters<Endpoint['handle']>[1]): void {
    const { endpoint } = this.#node
    endpoint.handle(protocol, accept)
    this.#scope.add(() => endpoint.unhandle(protocol))
  }

  #setAddresses(addresses: readonly string[]): void {
    try {
      this.keeper.changeOwn((own, now) => own.setAddresses(addresses.slice(0, MAX_ADDRESSES), now))
    } catch (error) {
      this.#node.log.warn('the own entry keeps its old addresses: %s', error instanceof Error ? error.message : error)
    }
  }
}
