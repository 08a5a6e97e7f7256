import { Worker } from 'node:worker_threads'
import type { Outcome, WorldName } from './outcome.ts'

/** What a worker is asked. */
export interface Question {
  readonly world: WorldName
  readonly seed: string
  readonly nodes: number | undefined
}

export interface CampaignOptions {
  readonly world: WorldName
  readonly seeds: readonly string[]
  readonly nodes: number | undefined
  readonly jobs: number
  /** Every outcome, in no particular order. False: enough, no further seed is begun. */
  readonly onOutcome: (outcome: Outcome) => boolean
}

/** Plays seeds on several threads. Which thread plays a seed makes no difference to it. */
export async function runCampaign({ world, seeds, nodes, jobs, onOutcome }: CampaignOptions): Promise<void> {
  const left = [...seeds].toReversed()
  const play = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    try {
      for (let seed = left.pop(); seed !== undefined; seed = left.pop()) {
        const outcome = await ask(worker, { world, seed, nodes })
        if (!onOutcome(outcome)) left.length = 0
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, play))
}

function ask(worker: Worker, question: Question): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    worker.once('message', (outcome: Outcome) => {
      worker.off('error', reject)
      resolve(outcome)
    })
    worker.once('error', reject)
    worker.postMessage(question)
  })
}
