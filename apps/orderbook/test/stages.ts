import type { Child, Fields } from '../src/demo/child.ts'
import { Stage } from '../src/demo/stage.ts'
import { number } from '../src/demo/summary.ts'
import { silentView } from '../src/demo/view.ts'

/** What one stage may take, ms. */
export const WITHIN: number = 60_000 * Number(process.env['TIME_FACTOR'] ?? 1)

/** For processes of a test: they show nothing, and `show` is given what they have said whenever that changes. */
export function createStage(network: string, show?: (children: readonly Child[]) => void): Stage {
  const silent = silentView(process.stderr)
  const view = show === undefined ? silent : { ...silent, show }
  return new Stage({ view, network, within: performance.now() + WITHIN, signal: new AbortController().signal })
}

/** The state of all matchers, when it is the same with so many instructions. */
export async function sameState(stage: Stage, instructions: number): Promise<Fields> {
  const states = (): readonly Fields[] => stage.matchers.map(({ said }) => said('state'))
  const areOne = (): boolean => new Set(states().map(({ digest }) => digest)).size === 1
  await stage.until('the same state', () => areOne() && states().every((state) => number(state, 'instructions') === instructions))
  return states()[0] as Fields
}
