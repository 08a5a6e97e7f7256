const NAME = /^[a-z][a-z0-9-]{0,39}$/

/**
 * A short name for why tickets were refused, fit for a label: the `value.reason` that the validator gave its error (as
 * `jwtValidator` does: `expired`, `bad-signature` …), `missing` when the peer has no ticket of the class, else `invalid`.
 */
export function refusalName(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return givenName(error) ?? givenName(cause) ?? (cause === undefined ? 'missing' : 'invalid')
}

function givenName(error: unknown): string | undefined {
  const reason = (error as { readonly value?: { readonly reason?: unknown } | null } | null | undefined)?.value?.reason
  return typeof reason === 'string' && NAME.test(reason) ? reason : undefined
}
