import { textOf } from '../machines/kit.ts'
import type { Twin } from '../machines/twins.ts'
import type { Write } from './kinds.ts'

/** Problems that are written down; the rest are counted. */
const MAX_TOLD = 20

/** A write and its result, as someone tells of it. */
interface Account {
  readonly text: string
  readonly result: string
}

export interface Counts {
  acknowledged: number
  /** Nobody was told what came of them. */
  unknown: number
  /** Of the unknown ones, those that were applied. */
  applied: number
  /** Refused before anything was sent. */
  refused: number
}

/**
 * What became of each write to one collection: what its clients were told, and what a reader has seen. A write that was acknowledged is in
 * the history once, at its index and with its result; one of unknown fate at most once; a refused one never; nothing else is there.
 * A write without a value of its own, such as `popBack`, is told from others like it by its index only.
 */
export class Ledger {
  readonly counts: Counts = { acknowledged: 0, unknown: 0, applied: 0, refused: 0 }
  readonly #twin: Twin
  readonly #isOrdered: boolean
  /** By client, then by number: writes given, of which nothing has been told. */
  readonly #open = new Map<string, Map<number, string>>()
  /** How often each was given with unknown fate. */
  readonly #unknown = new Map<string, number>()
  /** By index: acknowledged, and not seen yet. */
  readonly #acknowledged = new Map<number, Account>()
  /** By index: seen, and not acknowledged yet. */
  readonly #seen = new Map<number, Account>()
  /** By client: numbers of what was acknowledged, each with its index. */
  readonly #order = new Map<string, (readonly [number: number, index: number])[]>()
  readonly #problems: string[] = []
  #problemCount = 0
  #lastSeen = 0

  /** Without `isOrdered` the order of the contents says nothing. */
  constructor({ twin, isOrdered }: { readonly twin: () => Twin; readonly isOrdered: boolean }) {
    this.#twin = twin()
    this.#isOrdered = isOrdered
  }

  get problems(): readonly string[] {
    const untold = this.#problemCount - this.#problems.length
    return untold === 0 ? this.#problems : [...this.#problems, `and ${untold} more`]
  }

  given(client: string, number: number, write: Write): void {
    at(this.#open, client, () => new Map()).set(number, textOf(write))
  }

  acknowledged(client: string, number: number, index: number, given: unknown): void {
    const text = this.#settle(client, number)
    if (text === undefined) return
    const account: Account = { text, result: textOf(given) }
    const seen = this.#seen.get(index)
    this.counts.acknowledged++
    at(this.#order, client, () => []).push([number, index])
    if (seen !== undefined) this.#match(index, account, seen)
    else if (index <= this.#lastSeen) this.#problem(`acknowledged at ${index}, where it is not: ${text}`)
    else if (this.#acknowledged.has(index)) this.#problem(`acknowledged at ${index}, as another is: ${text}`)
    else this.#acknowledged.set(index, account)
  }

  failed(client: string, number: number, code: string): void {
    const text = this.#settle(client, number)
    if (text === undefined) return
    if (code === 'ERR_OFFLINE') this.counts.refused++
    else if (code === 'ERR_UNKNOWN') this.#forgotten(text)
    else this.#problem(`ended with ${code}: ${text}`)
  }

  /** The client was killed: nobody was told of what it had under way. */
  gone(client: string): void {
    for (const text of this.#open.get(client)?.values() ?? []) this.#forgotten(text)
    this.#open.delete(client)
  }

  /** The reader tells of a write, in the order of the history. */
  seen(index: number, write: Write, given: unknown): void {
    const [method, ...args] = write
    const account: Account = { text: textOf(write), result: textOf(given) }
    if (index <= this.#lastSeen) this.#problem(`seen at ${index} after ${this.#lastSeen}: ${account.text}`)
    this.#lastSeen = index
    const expected = textOf(this.#twin.write(method, ...(args as never[])))
    if (account.result !== expected) this.#problem(`at ${index} ${account.text} answers ${account.result} instead of ${expected}`)
    const acknowledged = this.#acknowledged.get(index)
    if (acknowledged === undefined) this.#seen.set(index, account)
    else this.#match(index, acknowledged, account)
  }

  /** The reader has not seen what was written up to there. */
  missed(index: number): void {
    if (this.#lastSeen > 0 || this.#open.size > 0)
      this.#problem(`the reader has missed what was written from ${this.#lastSeen} to ${index}`)
  }

  /** Everything has ended, and this is what is there. */
  close(contents: readonly unknown[]): void {
    for (const [client, open] of this.#open) if (open.size > 0) this.#problem(`${client} was told nothing of ${open.size} writes`)
    for (const [index, { text }] of this.#acknowledged) this.#problem(`acknowledged at ${index} and lost: ${text}`)
    for (const [index, { text }] of this.#seen) this.#claim(index, text)
    for (const [client, pairs] of this.#order) this.#checkOrder(client, pairs)
    const [there, expected] = [contents, listed(this.#twin.contents())].map((items) => this.#shown(items))
    if (there !== expected) this.#problem(`there is ${there} instead of ${expected}`)
  }

  #match(index: number, acknowledged: Account, seen: Account): void {
    this.#acknowledged.delete(index)
    this.#seen.delete(index)
    const [told, is] = [acknowledged, seen].map(({ text, result }) => `${text} with ${result}`)
    if (told !== is) this.#problem(`acknowledged at ${index} is ${told}, and there is ${is}`)
  }

  #claim(index: number, text: string): void {
    const count = this.#unknown.get(text) ?? 0
    if (count === 0) this.#problem(`at ${index}, though nobody can have given it: ${text}`)
    else this.counts.applied++
    this.#unknown.set(text, count - 1)
  }

  /** Writes of one client take effect in the order in which they were given. */
  #checkOrder(client: string, pairs: readonly (readonly [number: number, index: number])[]): void {
    const inOrder = pairs.toSorted(([a], [b]) => a - b)
    inOrder.forEach(([number, index], i) => {
      const [before, indexBefore] = inOrder[i - 1] ?? [0, 0]
      if (index <= indexBefore) this.#problem(`${client} gave ${before} before ${number}, and they are at ${indexBefore} and ${index}`)
    })
  }

  #shown(items: readonly unknown[]): string {
    const texts = items.map(textOf)
    return (this.#isOrdered ? texts : texts.toSorted()).join(', ')
  }

  #forgotten(text: string): void {
    this.counts.unknown++
    this.#unknown.set(text, (this.#unknown.get(text) ?? 0) + 1)
  }

  #settle(client: string, number: number): string | undefined {
    const open = this.#open.get(client)
    const text = open?.get(number)
    if (text === undefined) this.#problem(`${client} was told twice of ${number}, or has not given it`)
    open?.delete(number)
    return text
  }

  #problem(what: string): void {
    if (++this.#problemCount <= MAX_TOLD) this.#problems.push(what.slice(0, 2_000))
  }
}

function listed(contents: unknown): readonly unknown[] {
  if (Array.isArray(contents)) return contents
  return contents === undefined ? [] : [contents]
}

function at<K, V>(all: Map<K, V>, key: K, make: () => V): V {
  const found = all.get(key)
  if (found !== undefined) return found
  const made = make()
  all.set(key, made)
  return made
}
