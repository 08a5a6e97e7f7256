import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'

/** Where lines are typed, and others come in between. */
export interface Screen extends Disposable {
  /** Ends with the input, or when the screen is closed. */
  readonly lines: AsyncIterator<string>
  /** Whether what is typed is seen where it is typed. */
  readonly isTerminal: boolean
  print(line: string): void
}

/** @param write takes lines where there is no terminal */
export function openScreen(write: (line: string) => void): Screen {
  const { stdin, stdout } = process
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true
  const input = createInterface({ input: stdin, ...(isTerminal && { output: stdout, prompt: '> ' }), terminal: isTerminal })
  let isOpen = true
  const prompt = (): void => {
    if (isTerminal && isOpen) input.prompt(true)
  }
  const closed = (): void => {
    isOpen = false
    if (isTerminal) stdout.write('\n')
  }
  input
    .on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    .on('line', prompt)
    .once('close', closed)
  const above = (line: string): void => {
    moveCursor(stdout, 0, -input.getCursorPos().rows)
    cursorTo(stdout, 0)
    clearScreenDown(stdout)
    stdout.write(`${line}\n`)
    prompt()
  }
  return {
    lines: input[Symbol.asyncIterator](),
    isTerminal,
    print: isTerminal ? above : write,
    [Symbol.dispose]: () => input.close(),
  }
}
