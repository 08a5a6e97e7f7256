/** The only source of randomness above `core/system` and `@mosaik/libp2p`. */
export interface Prng {
  /** Uniform in [0, 2³²). */
  uint32(): number
  /** Uniform in [0, 1). */
  float(): number
  /** `length` random bytes, fresh. */
  bytes(length: number): Uint8Array
}
