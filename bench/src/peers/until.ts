import type { ChildProcess } from 'node:child_process'

const WAIT_MS = 30_000
const PAUSE_MS = 10

/** Asks again until there is an answer; a question that fails has none yet. Rejects, naming what was waited for, after 30 s. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const answer = await ask().catch(() => undefined)
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what} was not there within ${WAIT_MS / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve))
}
