import { parentPort } from 'node:worker_threads'
import { runSeed } from './run-seed.ts'

/** Plays the seeds that it is handed, one after another. */
parentPort?.on('message', ({ seed, nodes }: { readonly seed: string; readonly nodes: number | undefined }) => {
  void runSeed(seed, nodes === undefined ? {} : { nodes }).then((outcome) => parentPort?.postMessage(outcome))
})
