const P = 2n ** 255n - 19n
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n // -121665/121666 mod P

/** y of two of the four points of order 8, the others have -y; those of order 1, 2 and 4 have 1, -1 and 0. */
const ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022n

/**
 * True for the encoding (RFC 8032 section 5.1.2) of a point that can be a public key: canonical, on the curve, and not one of the
 * eight of small order, for which anyone can sign. OpenSSL checks none of this when it takes a key.
 */
export function isPublicPoint(bytes: Uint8Array): boolean {
  let y = 0n
  for (const byte of bytes.toReversed()) y = (y << 8n) | BigInt(byte)
  y &= 2n ** 255n - 1n
  if (y >= P || [0n, 1n, P - 1n, ORDER_8, P - ORDER_8].includes(y)) return false
  // x² = (y² - 1) / (d·y² + 1) has a root when it is a square, which Euler's criterion tells; u/v is a square when u·v is.
  const u = y * y - 1n
  const v = D * y * y + 1n
  return power((u * v) % P, (P - 1n) / 2n) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}
