import { Writable } from 'node:stream'

/** A terminal that understands as much as the demo writes, and says what went wrong on it. */
export class Terminal extends Writable {
  readonly isTTY: boolean
  columns: number
  rows: number
  /** As it was written. */
  text = ''
  /** Every row that was not erased; the last `rows` of them are in sight. The cursor is in the last one. */
  lines: string[] = ['']
  /** Lines that did not fit, and so took a row more. */
  wraps = 0
  /** Rows that were to be drawn anew, but had left the sight. */
  missed = 0
  #column = 0

  constructor(columns: number, rows: number, { isTTY = true, colours = true } = {}) {
    super()
    this.isTTY = isTTY
    this.columns = columns
    this.rows = rows
    Object.assign(this, { getColorDepth: () => (colours ? 8 : 1) })
  }

  /** What createView takes. */
  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream
  }

  /** Rows that are too long are broken, as most terminals do it. */
  resize(columns: number, rows: number): void {
    Object.assign(this, { columns, rows })
    this.lines = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [''])
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk)
    const [first = '', ...others] = String(chunk).split('\u001B[')
    this.#put(first)
    for (const other of others) {
      const [all = '', count, code] = /^(\d*)([A-Z])/i.exec(other) ?? []
      if (code === 'A') this.#up(Number(count))
      else if (code === 'J') this.lines.push((this.lines.pop() ?? '').slice(0, this.#column))
      else if (code !== 'm') throw new Error(`unknown: ${JSON.stringify(other)}`)
      this.#put(other.slice(all.length))
    }
    done()
  }

  /** Nothing is left below: it is erased next. */
  #up(count: number): void {
    const most = Math.min(this.lines.length, this.rows) - 1
    this.missed += Math.max(0, count - most)
    this.lines.splice(this.lines.length - Math.min(count, most))
  }

  #put(text: string): void {
    for (const character of text) {
      if (character === '\r' || character === '\n') {
        if (character === '\n') this.lines.push('')
        this.#column = 0
        continue
      }
      if (this.#column === this.columns) {
        this.wraps++
        this.lines.push('')
        this.#column = 0
      }
      const line = (this.lines.pop() ?? '').padEnd(this.#column)
      this.lines.push(line.slice(0, this.#column) + character + line.slice(this.#column + 1))
      this.#column++
    }
  }
}
