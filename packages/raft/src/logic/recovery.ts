/** How long no quorum has been reachable. */
export interface Recovery {
  since: number | undefined
}
