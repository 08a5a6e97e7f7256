import { MosaikError } from '@mosaik/core'
import type { Clock, Logger } from '@mosaik/core'
import { BEAT_MS, judge } from '../logic/liveness.ts'
import type { NetworkMetrics } from '../network-metrics.ts'
import type { Session } from '../session.ts'

export interface HeartbeatInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: NetworkMetrics
  readonly sessions: () => Iterable<Session>
}

/** Beats on every verified connection and judges every peer's silence. Returns what stops it. */
export function startHeartbeat({ clock, logger, metrics, sessions }: HeartbeatInit): () => void {
  let tickedAt = clock.monotonic()
  const tick = (): void => {
    const now = clock.monotonic()
    const late = Math.max(0, now - tickedAt - BEAT_MS)
    tickedAt = now
    cancel = clock.after(BEAT_MS, tick)
    for (const session of sessions()) {
      if (!session.usable) continue
      session.control?.send({ type: 'beat' })
      const [liveness, verdict] = judge(session.liveness, now, late)
      session.liveness = liveness
      const silence = Math.round(now - liveness.heardAt)
      if (verdict === 'suspect') {
        metrics.suspects.add()
        logger.warn('%s has been silent for %d ms', session.peer, silence)
      } else if (verdict === 'recovered') {
        logger.info('%s is heard again', session.peer)
      } else if (verdict === 'dead') {
        metrics.lost('silent').add()
        session.abort(new MosaikError('ERR_TIMEOUT', `${session.peer} was silent for ${silence} ms`))
      }
    }
  }
  let cancel = clock.after(BEAT_MS, tick)
  return () => cancel()
}
