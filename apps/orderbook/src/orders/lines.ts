/** One line of a text, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly text: string
}

/** Characters of a line that says something. What is longer comes cut off, but still longer. */
export const MAX_LINE = 4_096

const BYTE_ORDER_MARK = '\uFEFF'

/** The lines of a text that comes in pieces, as many at a time as a piece completes; blank ones are counted and left out. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<readonly Line[], void, undefined> {
  let count = 0
  let rest = ''
  const finish = (texts: readonly string[]): Line[] =>
    texts.map((text) => ({ number: ++count, text: text.length > MAX_LINE ? text : text.trim() })).filter(({ text }) => text !== '')
  for await (const piece of pieces) {
    const isFirst = count === 0 && rest === ''
    const texts = (rest + (isFirst && piece.startsWith(BYTE_ORDER_MARK) ? piece.slice(1) : piece)).split('\n')
    rest = (texts.pop() as string).slice(0, MAX_LINE + 1)
    yield finish(texts)
  }
  yield finish([rest])
}
