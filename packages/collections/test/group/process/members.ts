import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface MemberArguments {
  /** First part of the keys that it writes. */
  readonly name: string
  readonly bootstrap: readonly string[]
}

export interface Told {
  readonly address?: string
  readonly voter?: true
  readonly acked?: string
  /** What must not happen. */
  readonly failed?: string
  readonly stopped?: true
  readonly keys?: readonly string[]
  readonly index?: number
  readonly lineage?: string
}

const PROGRAM = fileURLToPath(new URL('member.ts', import.meta.url))

/** A node in a process of its own. */
export class MemberProcess {
  readonly acked: string[] = []
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #last = new Map<keyof Told, Told>()
  #wake = Promise.withResolvers<void>()
  #error: Error | undefined
  #isKilled = false

  constructor(args: MemberArguments) {
    this.#child = spawn(process.execPath, ['--conditions=@mosaik/source', PROGRAM, JSON.stringify(args)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdin.on('error', () => {}) // it was killed
    this.#child.once('exit', () => this.#isKilled || this.#fail(`${args.name} has ended by itself`))
    void this.#listen()
  }

  /** What it has told of this; the newest of it, told after this call if `fresh`. */
  async told(what: keyof Told, { fresh = false } = {}): Promise<Told> {
    if (fresh) this.#last.delete(what)
    for (;;) {
      if (this.#error !== undefined) throw this.#error
      const found = this.#last.get(what)
      if (found !== undefined) return found
      await this.#wake.promise
    }
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  kill(): void {
    this.#isKilled = true
    this.#child.kill('SIGKILL')
  }

  async #listen(): Promise<void> {
    for await (const line of createInterface({ input: this.#child.stdout })) {
      const told = parsed(line)
      if (told === undefined) continue
      if (told.acked !== undefined) this.acked.push(told.acked)
      if (told.failed !== undefined) this.#fail(told.failed)
      for (const what of Object.keys(told) as (keyof Told)[]) this.#last.set(what, told)
      this.#turn()
    }
  }

  #fail(why: string): void {
    this.#error ??= new Error(why)
    this.#turn()
  }

  #turn(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }
}

/** The last line of one that was killed may be half of one. */
function parsed(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told
  } catch {
    return undefined
  }
}
