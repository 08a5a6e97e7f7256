import { MosaikError } from '@mosaik/core'
import type { Clock, Logger } from '@mosaik/core'
import { toNextTick } from '../logic/grid.ts'
import { judge, MIN_ANSWER_MS, TICK_MS, TICKS_PER_BEAT } from '../logic/liveness.ts'
import type { NetworkMetrics } from '../network-metrics.ts'
import type { Session } from '../session.ts'

export interface HeartbeatInit {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: NetworkMetrics
  readonly sessions: () => Iterable<Session>
}

/** Beats on every verified connection that was dialled here, and judges every peer's silence. Returns what stops it. */
export function startHeartbeat({ clock, logger, metrics, sessions }: HeartbeatInit): () => void {
  let due = 0
  let cancel = (): void => undefined
  const arm = (): void => {
    const now = clock.monotonic()
    const wait = toNextTick(now, TICK_MS)
    due = now + wait
    cancel = clock.after(wait, tick)
  }
  const tick = (): void => {
    const now = clock.monotonic()
    const late = Math.max(0, now - due)
    const beats = Math.round(due / TICK_MS) % TICKS_PER_BEAT === 0
    arm()
    for (const session of sessions()) {
      if (!session.usable) continue
      if (beats && session.connection.direction === 'outbound') session.control?.send({ type: 'beat' })
      judgeSession(session, now, late)
    }
  }
  const judgeSession = (session: Session, now: number, late: number): void => {
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
  arm()
  return () => cancel()
}

/** Answers the dialer's beat; not when it beats faster than it should, so that nobody can have us write without end. */
export function answerBeat(session: Session, now: number): void {
  if (!session.usable || session.connection.direction === 'outbound' || now - session.answeredAt < MIN_ANSWER_MS) return
  session.answeredAt = now
  session.control?.send({ type: 'beat' })
}
