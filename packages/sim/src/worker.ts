import { parentPort } from 'node:worker_threads'
import type { Question } from './campaign.ts'
import { WORLDS } from './worlds.ts'

/** Plays the seeds that it is handed, one after another. */
parentPort?.on('message', ({ world, seed, nodes }: Question) => {
  void WORLDS[world](seed, nodes === undefined ? {} : { nodes }).then((outcome) => parentPort?.postMessage(outcome))
})
