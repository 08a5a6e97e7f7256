import { list, Option } from '@mosaik/cli'

/** Those of the sample. */
const PAIRS = ['APPLE/EUR', 'PEAR/EUR']

/** Each call makes a new one. */
export function pairsFlag(what: string): Option {
  return new Option('--pairs <names>', what).argParser((value: string) => list(value)).default(PAIRS, PAIRS.join(','))
}
