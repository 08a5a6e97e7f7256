/**
 * Tickets that are JSON Web Tokens: one side signs for a peer, the others judge without asking anyone.
 *
 * ```ts
 * import { generateJwtKey, issueJwt, jwtValidator, publicJwtKey } from '@mosaik/core/jwt'
 *
 * const key = generateJwtKey('ES256')
 * const ticket = issueJwt({ key, peer: network.local.id, issuer: 'my-app', expiresIn: '10m' })
 * network.discovery.addTicket(ticket)
 *
 * const validator = jwtValidator({ keys: [publicJwtKey(key)], issuers: ['my-app'] })
 * validator.validate(ticket.data, { peerId: network.local.id, networkId: network.id, now: Date.now() })
 * ```
 *
 * @module
 */
export { issueJwt } from './issue.ts'
export { generateJwtKey, publicJwtKey } from './keys.ts'
export { JWT_CLASS, jwtValidator } from './validator.ts'
export type { JwtAlgorithm, JwtIssueOptions, JwtKey, JwtRefusal, JwtRefusalReason, JwtValidatorOptions } from './types.ts'
