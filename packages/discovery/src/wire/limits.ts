/** What one entry may hold. Over a limit the own entry refuses the change (`ERR_TOO_LARGE`); of others it is malformed. */
export const MAX_TAGS = 4096
export const MAX_STREAMS = 4096
export const MAX_GROUPS = 4096
export const MAX_TICKETS = 256
export const MAX_TICKET_BYTES: number = 128 * 1024
export const MAX_ADDRESSES = 32
/** Everything an entry says besides its version, encoded. */
export const MAX_DETAILS_BYTES: number = 512 * 1024
/** Details that go along with an announcement: a message for everyone costs less than a fetch by everyone, while they are short. */
export const MAX_ANNOUNCED_BYTES = 1024
/** The signed head: version and digest. */
export const MAX_HEAD_BYTES = 256

/** Live entries a node keeps of others, inserted ones included; more peers are refused and counted. */
export const MAX_PEERS = 16_384
/** Departures a node remembers; the oldest goes first. */
export const MAX_DEPARTED = 4096
/** Details of all entries together. */
export const MAX_CATALOG_BYTES: number = 64 * 1024 * 1024

/** Largest sync message. */
export const MAX_SYNC_MESSAGE_BYTES: number = 1024 * 1024
/** A page of statements is closed when it has reached this size or this count. */
export const PAGE_BYTES: number = 64 * 1024
export const PAGE_STATEMENTS = 256
/** Peers asked for in one fetch. */
export const MAX_FETCH = 256
/** Largest ping message: it carries nothing. */
export const MAX_PING_BYTES = 64
/** Pings on one link. */
export const MAX_PINGS = 16
