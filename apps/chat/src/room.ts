import { sleep } from '@mosaik/core'
import type { Network, PeerId } from '@mosaik/node'
import { definitionsOf, KEPT_MESSAGES, listed } from './definitions.ts'
import type { Message, Messages, People } from './definitions.ts'
import { Seen } from './history.ts'
import { Caretaker, mayFail, stayListed } from './presence.ts'
import { Talk } from './talk.ts'

const LOOK_EVERY_MS = 500
const LEAVE_WITHIN_MS = 800

export type RoomEvent =
  | { readonly type: 'joined' | 'left'; readonly peer: PeerId; readonly name: string }
  /** `isHistory`: it was there before this node came. */
  | { readonly type: 'message'; readonly message: Message; readonly isHistory: boolean }
  /** Its text may not have arrived. */
  | { readonly type: 'undelivered'; readonly text: string; readonly error: Error }
  /** The history has been told, and this node is on the list. */
  | { readonly type: 'ready' }

/** A place in a room. */
export interface Room {
  /** Who is there now, this node too: name by peer. */
  readonly people: ReadonlyMap<PeerId, string>
  /** Says it after what was said before; waits only while too much is under way. */
  say(text: string): Promise<void>
  /** Resolves when all that was said has arrived, or has been told of as undelivered. */
  settled(): Promise<void>
  /** Rejects when it cannot go on; never resolves. */
  readonly failed: Promise<never>
  /** Takes this node off the list, within a second; the network is not closed. Idempotent. */
  leave(): Promise<void>
}

/** Enters at once; `tell` hears what happens from then on. */
export function enterRoom(network: Network, room: string, name: string, tell: (event: RoomEvent) => void): Room {
  const definitions = definitionsOf(room)
  const people = network.collections.writer(definitions.people)
  const messages = network.collections.writer(definitions.messages)
  const { clock } = network.discovery.endpoint
  const me = network.local.id
  const talk = new Talk(messages, { from: me, name }, clock, network.discovery.me.startedAt)
  const caretaker = new Caretaker(people, me, clock)
  const news = new News(people, messages, me, (message) => talk.wasSaidHere(message), tell)
  const left = new AbortController()
  const { signal } = left

  // Each by itself: what waits for the group of the messages must not keep this node from taking the gone off the list.
  const again = async (task: () => unknown): Promise<void> => {
    for (;;) {
      await sleep(clock, LOOK_EVERY_MS, { signal })
      await task()
    }
  }
  const begin = async (): Promise<void> => {
    await Promise.all([messages.when.online({ signal }), people.when.online({ signal })])
    while (!people.has(me)) await people.when.updated({ signal })
    news.begin()
  }
  const watch = async (changes: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of changes) news.look()
  }
  const work = [
    stayListed(people, me, name, clock, signal),
    watch(people.changes({ signal })),
    watch(messages.changes({ signal })),
    again(() => news.look()),
    again(() => caretaker.look(signal)),
    again(() => talk.trim()),
    again(() => talk.sayAgain()),
    begin(),
  ]
  const failed = new Promise<never>((_, reject) => {
    for (const task of work) {
      task.catch((error: unknown) => {
        if (!signal.aborted) reject(error as Error)
      })
    }
  })
  failed.catch(() => {}) // whoever waits for it hears of it

  let leaving: Promise<void> | undefined
  const goodbye = async (): Promise<void> => {
    left.abort()
    // Who cannot say it in time is missed by the others a little later.
    if (people.isOnline) await mayFail(people.remove(me, { timeout: LEAVE_WITHIN_MS }))
  }
  return {
    get people() {
      return listed(people)
    },
    say: (text) => talk.say(text, (error) => tell({ type: 'undelivered', text, error })),
    settled: () => talk.settled(),
    failed,
    leave: () => (leaving ??= goodbye()),
  }
}

/** Tells each thing that happens once, whatever the collections go through. */
class News {
  readonly #people: People
  readonly #messages: Messages
  readonly #me: PeerId
  readonly #wasSaidHere: (message: Message) => boolean
  readonly #tell: (event: RoomEvent) => void
  readonly #seen = new Seen(2 * KEPT_MESSAGES)
  #known: ReadonlyMap<PeerId, string> = new Map()
  #hasBegun = false

  constructor(
    people: People,
    messages: Messages,
    me: PeerId,
    wasSaidHere: (message: Message) => boolean,
    tell: (event: RoomEvent) => void,
  ) {
    this.#people = people
    this.#messages = messages
    this.#me = me
    this.#wasSaidHere = wasSaidHere
    this.#tell = tell
  }

  begin(): void {
    this.#tellPeople()
    this.#tellMessages()
    this.#hasBegun = true
    this.#tell({ type: 'ready' })
  }

  look(): void {
    if (!this.#hasBegun) return
    // What is read while a history is left for another is neither of them.
    if (this.#people.isOnline && this.#people.has(this.#me)) this.#tellPeople()
    this.#tellMessages()
  }

  #tellPeople(): void {
    const [before, now] = [this.#known, listed(this.#people)]
    this.#known = now
    for (const [peer, name] of before) if (now.get(peer) !== name) this.#tell({ type: 'left', peer, name })
    for (const [peer, name] of now) if (before.get(peer) !== name) this.#tell({ type: 'joined', peer, name })
  }

  #tellMessages(): void {
    for (const message of this.#seen.fresh(this.#messages)) {
      this.#tell({ type: 'message', message, isHistory: !this.#hasBegun && !this.#wasSaidHere(message) })
    }
  }
}
