import type { Proposal } from './messages.ts'

/**
 * Sessions of which something was lost on its way to the leader: what came behind it must not overtake it. As a leader does after it has
 * refused a proposal, nothing more of such a session is let pass until one says `again`.
 */
export class Gaps {
  readonly #sessions = new Set<string>()

  /** What may go out; the rest is lost as well. */
  pass(proposals: readonly Proposal[]): readonly Proposal[] {
    if (this.#sessions.size === 0) return proposals
    return proposals.filter(({ data: { session }, again }) => {
      if (again === true) this.#sessions.delete(session)
      return !this.#sessions.has(session)
    })
  }

  lost(proposals: readonly Proposal[]): void {
    for (const { data } of proposals) this.#sessions.add(data.session)
  }
}
