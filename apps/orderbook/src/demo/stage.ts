import { fileURLToPath } from 'node:url'
import { abortable } from '@mosaik/core'
import { startChild } from './child.ts'
import type { Child } from './child.ts'
import { leaderOf } from './picture.ts'
import type { View } from './view.ts'

export interface StageOptions {
  readonly view: View
  /** Of the network. */
  readonly network: string
  /** Everything must have happened within so many ms. */
  readonly within: number
  readonly signal: AbortSignal
}

const isSource = import.meta.url.endsWith('.ts')
const BOOTSTRAP = fileURLToPath(new URL(`../../../bootstrap/${isSource ? 'src/main.ts' : 'dist/main.js'}`, import.meta.url))
const ORDERBOOK = fileURLToPath(new URL(isSource ? '../main.ts' : '../main.js', import.meta.url))
const LOOPBACK = ['--listen', '/ip4/127.0.0.1/udp/0/quic-v1']

/** The processes of the demo, and what is waited for. */
export class Stage {
  readonly children: Child[] = []
  readonly #options: StageOptions
  readonly #checks = new Set<() => void>()
  #address = ''

  constructor(options: StageOptions) {
    this.#options = options
  }

  /** The node that all others are given the address of. */
  async bootstrap(): Promise<string> {
    const child = this.#start('bootstrap', [BOOTSTRAP], ['--no-relay'])
    await this.until('the bootstrap process to listen', () => Array.isArray(child.said('started')['addresses']))
    this.#address = String((child.said('started')['addresses'] as unknown[])[0])
    return this.#address
  }

  start(name: string, role: string, ...flags: readonly string[]): Child {
    return this.#start(name, [ORDERBOOK, role], ['--peers', this.#address, ...flags])
  }

  /** Those that are not killed. */
  get matchers(): readonly Child[] {
    return this.children.filter(({ name, state }) => name.startsWith('matcher') && state !== 'killed')
  }

  get leader(): Child | undefined {
    return leaderOf(this.matchers)
  }

  say(line: string): void {
    this.#options.view.say(line)
  }

  /** Resolves with the ms that it took; rejects with what was waited for. Asked whenever a process says something. */
  until(what: string, condition: () => boolean): Promise<number> {
    const { signal, within } = this.#options
    const begun = performance.now()
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer)
        this.#checks.delete(check)
        signal.removeEventListener('abort', check)
        settle()
      }
      const fail = (why: string): void => done(() => reject(new Error(`${why} while waiting for ${what}`)))
      const check = (): void => {
        const failed = this.children.find(({ state }) => state === 'failed')
        if (condition()) done(() => resolve(Math.round(performance.now() - begun)))
        else if (failed !== undefined) fail(`${failed.name} ended by itself`)
        else if (signal.aborted) fail('interrupted')
      }
      const timer = setTimeout(() => fail(`${within / 1000} s are over`), Math.max(0, within - performance.now()))
      this.#checks.add(check)
      signal.addEventListener('abort', check)
      check()
    })
  }

  /** Asks all that run to end well, the bootstrap process last, and waits for them. */
  async leave(): Promise<void> {
    const { signal } = this.#options
    await abortable(this.#askAllToLeave(), signal).catch((error: unknown) => {
      throw signal.aborted ? new Error('interrupted while the processes were leaving') : error
    })
  }

  async kill(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()))
  }

  async #askAllToLeave(): Promise<void> {
    const [bootstrap, ...others] = this.children
    await Promise.all(others.map((child) => child.leave()))
    await bootstrap?.leave()
  }

  #start(name: string, program: readonly string[], flags: readonly string[]): Child {
    const all = ['--network-id', this.#options.network, ...LOOPBACK, ...flags]
    const { warn } = this.#options.view
    const child = startChild(name, [...program, ...all], () => this.#onEvent(), (line) => warn(`${name}: ${line}`)) // prettier-ignore
    this.children.push(child)
    return child
  }

  #onEvent(): void {
    this.#options.view.show(this.children.slice(1))
    for (const check of [...this.#checks]) check()
  }
}
