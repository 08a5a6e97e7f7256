declare const brand: unique symbol

/** 32 bytes as 64 lower-case hex digits. */
export type UniqueId = string & { readonly [brand]: 'UniqueId' }
export type NetworkId = UniqueId
export type StreamId = UniqueId
export type GroupId = UniqueId
export type StoreId = UniqueId
export type Tag = UniqueId

/** libp2p's base58 text of an Ed25519 public key: `12D3Koo…`. */
export type PeerId = string & { readonly [brand]: 'PeerId' }

/** An Ed25519 secret key. Opaque: it never prints its bytes. */
export interface SecretKey {
  readonly [brand]: 'SecretKey'
}
