import type { Output } from '@mosaik/cli'
import type { PeerId } from '@mosaik/node'
import type { Message } from './definitions.ts'
import type { RoomEvent } from './room.ts'
import { labelOf, MAX_TEXT, shortened } from './text.ts'

const SHOWN_OF_HISTORY = 50

type People = ReadonlyMap<PeerId, string>

/** Shows a room: lines for people, events for programs. */
export class Viewer {
  readonly #me: PeerId
  readonly #seesWhatItTypes: boolean
  readonly #print: (line: string) => void
  readonly #output: Output
  #history: Message[] = []
  #isReady = false

  constructor(me: PeerId, seesWhatItTypes: boolean, print: (line: string) => void, output: Output) {
    this.#me = me
    this.#seesWhatItTypes = seesWhatItTypes
    this.#print = print
    this.#output = output
  }

  tell(event: RoomEvent, people: People): void {
    switch (event.type) {
      case 'joined':
      case 'left':
        this.#output.event(event.type, { peer: event.peer, name: event.name })
        if (this.#isReady && event.peer !== this.#me) {
          this.#print(`* ${labelOf(event.peer, event.name, people)} ${event.type === 'joined' ? 'is here' : 'has left'}`)
        }
        return
      case 'message':
        return this.#message(event.message, event.isHistory, people)
      case 'undelivered':
        this.#output.event('undelivered', { text: event.text, message: event.error.message })
        return this.#print(`! not delivered: ${shortened(event.text, MAX_TEXT)} (${shortened(event.error.message, MAX_TEXT)})`)
      case 'ready':
        this.#isReady = true
        this.#output.event('ready')
        return this.#begin(people)
    }
  }

  who(people: People): void {
    this.#output.event('who', { people: Array.from(people, ([peer, name]) => ({ peer, name })) })
    this.#print(`* here: ${this.#names(people)}`)
  }

  #message(message: Message, isHistory: boolean, people: People): void {
    const { id, from, name, text, at } = message
    this.#output.event('message', { id, peer: from, name, text, saidAt: at, history: isHistory })
    if (!isHistory && from === this.#me && this.#seesWhatItTypes) return
    if (this.#isReady) this.#print(line(message, people))
    else this.#history.push(message)
  }

  #begin(people: People): void {
    const earlier = this.#history.length - SHOWN_OF_HISTORY
    if (earlier > 0) this.#print(`* ${earlier} earlier messages are not shown`)
    for (const message of this.#history.slice(-SHOWN_OF_HISTORY)) this.#print(line(message, people))
    this.#history = []
    this.#print(`* here: ${this.#names(people)}`)
  }

  #names(people: People): string {
    return Array.from(people, ([peer, name]) => labelOf(peer, name, people) + (peer === this.#me ? ' (you)' : '')).join(', ')
  }
}

function line({ from, name, text, at }: Message, people: People): string {
  const said = new Date(at)
  const time = Number.isNaN(said.getTime()) ? '--:--' : said.toTimeString().slice(0, 5)
  return `${time} ${labelOf(from, name, people)}: ${shortened(text, MAX_TEXT)}`
}
