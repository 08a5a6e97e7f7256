import type { Invariant } from '../world/probe.ts'
import { admission } from './admission.ts'
import { advertised } from './advertised.ts'
import { bounds } from './bounds.ts'
import { catalogs } from './catalogs.ts'
import { closeReasons } from './close-reasons.ts'
import { criteria } from './criteria.ts'
import { dates } from './dates.ts'
import { departures } from './departures.ts'
import { events } from './events.ts'
import { gaps } from './gaps.ts'
import { gauges } from './gauges.ts'
import { graceful } from './graceful.ts'
import { networks } from './networks.ts'
import { online } from './online.ts'
import { order } from './order.ts'
import { progress } from './progress.ts'
import { reading } from './reading.ts'
import { settled } from './settled.ts'
import { syncing } from './syncing.ts'
import { truth } from './truth.ts'
import { versions } from './versions.ts'

/** Everything that must hold at every moment. What must come to hold is in `liveness.ts`. */
export const INVARIANTS: readonly Invariant[] = [
  order, gaps, reading, criteria, admission, closeReasons, graceful, bounds, online,
  versions, departures, dates, networks, truth, events, catalogs, syncing, advertised,
  settled, progress, gauges,
] // prettier-ignore
