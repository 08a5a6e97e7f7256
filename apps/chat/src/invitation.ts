/** What cannot be dialled from another machine. A relay's own address is at the beginning of those through it. */
const HERE = /^\/(?:ip4\/127\.|ip6\/::1\/|unix\/|memory\/)/

/** What people are told who want others to join: lines, with an address for this machine and those for others. */
export function invitation(addresses: readonly string[]): readonly string[] {
  if (addresses.length === 0) return ['Others cannot join through this node: it does not listen']
  const [here] = addresses.filter((address) => HERE.test(address))
  const elsewhere = addresses.filter((address) => !HERE.test(address))
  return [
    ...(here === undefined ? [] : [`Others join on this machine with --peers ${here}`]),
    ...(elsewhere.length === 0 ? [] : ['Others join from another machine with one of these:']),
    ...elsewhere.map((address) => `  --peers ${address}`),
  ]
}
