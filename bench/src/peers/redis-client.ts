import { connect } from 'node:net'
import type { Socket } from 'node:net'

const LINE_END = '\r\n'

interface Waiting {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

/**
 * What the benchmarks ask of one Redis server, on one connection: commands of one turn go out together, and answers come in their
 * order. Texts are ASCII. Everything rejects once the connection is lost.
 */
export class RedisClient {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #out = ''
  #in = ''
  #lost: Error | undefined

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true)
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('redis: the connection is closed')))
  }

  /** Answers what the server does, as text. */
  call(parts: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost)
      if (this.#out === '') setImmediate(() => this.#flush())
      this.#out += `*${parts.length}${LINE_END}`
      for (const part of parts) this.#out += `$${part.length}${LINE_END}${part}${LINE_END}`
      this.#waiting.push({ resolve, reject })
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    this.#socket.write(this.#out, 'latin1')
    this.#out = ''
  }

  #read(text: string): void {
    this.#in += text
    let at = 0
    for (;;) {
      const lineEnd = this.#in.indexOf(LINE_END, at)
      if (lineEnd === -1) break
      const line = this.#in.slice(at + 1, lineEnd)
      const isBulk = this.#in[at] === '$' && line !== '-1'
      const begin = lineEnd + LINE_END.length
      const end = isBulk ? begin + Number(line) + LINE_END.length : begin
      if (this.#in.length < end) break
      const { resolve, reject } = this.#waiting.shift() as Waiting
      if (this.#in[at] === '-') reject(new Error(`redis: ${line}`))
      else resolve(isBulk ? this.#in.slice(begin, end - LINE_END.length) : line)
      at = end
    }
    this.#in = this.#in.slice(at)
  }

  #fail(error: Error): void {
    this.#lost ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost)
  }
}
