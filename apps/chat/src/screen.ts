import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import { printable } from '@mosaik/cli'

/** Where lines are typed, and others come in between. */
export interface Screen extends Disposable {
  /** Ends with the input, which a terminal that is gone does too, or when the screen is closed. */
  readonly lines: Pick<AsyncIterator<string, undefined>, 'next'>
  /** Whether what is typed is seen where it is typed. */
  readonly isTerminal: boolean
  /** What a terminal might obey shows as �. */
  print(line: string): void
}

export type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout'>

/**
 * @param write prints lines where there is no terminal
 * @param isForPeople what programs read has no prompt, on a terminal either
 */
export function openScreen(write: (line: string) => void, isForPeople: boolean, { stdin, stdout }: Streams = process): Screen {
  const isTerminal = isForPeople && stdin.isTTY === true && stdout.isTTY === true
  const input = createInterface({ input: stdin, ...(isTerminal && { output: stdout, prompt: '> ' }), terminal: isTerminal })
  let isOpen = true
  const prompt = (): void => {
    if (isTerminal && isOpen) input.prompt(true)
  }
  const closed = (): void => {
    isOpen = false
    if (isTerminal) stdout.write('\n')
  }
  const close = (): void => {
    if (!isOpen) return
    // Before it closes: that sets the terminal back, which is one more error where there is none any more.
    isOpen = false
    input.close()
  }
  input
    .on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    .on('line', prompt)
    .on('error', close)
    .once('close', closed)
  stdin.on('error', () => {}) // heard above; once the input is closed nobody else listens
  const above = (line: string): void => {
    moveCursor(stdout, 0, -input.getCursorPos().rows)
    cursorTo(stdout, 0)
    clearScreenDown(stdout)
    stdout.write(`${printable(line)}\n`)
    prompt()
  }
  const typed = input[Symbol.asyncIterator]()
  return {
    lines: { next: () => typed.next().catch(() => ({ done: true, value: undefined })) },
    isTerminal,
    print: isTerminal ? above : write,
    [Symbol.dispose]: close,
  }
}
