import { patience } from './options.ts'
import type { Preference } from './options.ts'
import { drawPatience } from './role.ts'
import type { State } from './state.ts'

/**
 * From now on this node stands more gladly. An observer becomes a learner, which the leader may give a vote when it reads
 * so in the hello. The other way would leave voters behind that never vote, so it is not taken.
 */
export function prefer(s: State, preference: Preference): void {
  const before = s.options.preference
  if (patience(preference) >= patience(before)) return
  s.options = { ...s.options, preference }
  // Who founds nothing has not waited yet to found something.
  if (before === 'observer') s.founding.startedAt = s.now
  drawPatience(s)
  s.hasNews = true
}
