/** A state machine: the same commands in the same order make the same state. Each member has one of its own. */
export function counter() {
  let total = 0
  return {
    name: 'counter',
    apply: (by: number) => (total += by), // changes the state, and answers a reply
    query: (unit: string) => `${total} ${unit}`, // only reads
    snapshot: () => total, // for those who come late
    install: (state: number) => void (total = state),
  }
}
