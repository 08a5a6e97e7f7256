import type { KindName } from '../plan/types.ts'
import type { Kind } from './kind.ts'
import { map } from './map.ts'
import { queue } from './queue.ts'
import { set } from './set.ts'
import { cell, once } from './single.ts'
import { vec } from './vec.ts'

export const KINDS_BY_NAME: Readonly<Record<KindName, Kind>> = { map, vec, set, cell, once, queue }
