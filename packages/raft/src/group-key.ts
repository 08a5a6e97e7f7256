import { check, MosaikError, randomId, toBytes, uniqueId } from '@mosaik/core'
import type { TicketValidator, UniqueId } from '@mosaik/core'

/** What the members of a group share and never send. Opaque: it prints nothing of itself, and holds nothing that could be copied out. */
export interface GroupKey {
  readonly '~groupKey': true
}

const secrets = new WeakMap<GroupKey, UniqueId>()

/**
 * The key that a text or bytes name; everyone who uses the same has the same key, so use what cannot be guessed. 64 hex
 * digits are taken as they are, everything else is hashed. Throws `ERR_INVALID_OPTION` for an empty secret.
 */
export function groupKey(secret: string | Uint8Array): GroupKey {
  if (secret instanceof Uint8Array) {
    if (secret.length === 0) throw new MosaikError('ERR_INVALID_OPTION', 'the secret of a group key is empty; give at least one byte')
    return keyOf(uniqueId(secret))
  }
  return keyOf(uniqueId(checkSecret(secret)))
}

/** A key that nobody else has, of 32 random bytes. */
export function randomGroupKey(): GroupKey {
  return keyOf(randomId())
}

/**
 * The key of those who hold the secret of a ticket validator. Throws `ERR_INVALID_OPTION` for validators whose signature
 * depends on no secret: everyone could compute it.
 */
export function groupKeyFrom(validator: TicketValidator): GroupKey {
  if (typeof validator?.signature !== 'string' || validator.secret !== true) {
    throw new MosaikError(
      'ERR_INVALID_OPTION',
      'groupKeyFrom takes a validator with a secret; a key made of public values protects nothing, use groupKey(secret) or randomGroupKey()',
    )
  }
  return keyOf(uniqueId(validator.signature))
}

/** The 32 bytes, fresh. For this package only. Throws `ERR_INVALID_OPTION` for what is no group key. */
export function secretOf(key: GroupKey): Uint8Array {
  const secret = secrets.get(key)
  if (secret === undefined) {
    throw new MosaikError('ERR_INVALID_OPTION', 'key must be made by groupKey(secret), randomGroupKey() or groupKeyFrom(validator)')
  }
  return toBytes(secret)
}

function checkSecret(secret: string): string {
  try {
    return check.text<string>('secret', secret)
  } catch {
    throw new MosaikError('ERR_INVALID_OPTION', 'the secret of a group key must be text that is not empty, or bytes') // without the value
  }
}

function keyOf(secret: UniqueId): GroupKey {
  const key: GroupKey = Object.freeze({ '~groupKey': true as const })
  secrets.set(key, secret)
  return key
}
