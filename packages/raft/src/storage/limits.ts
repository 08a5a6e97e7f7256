const MIB = 2 ** 20

/** One entry: a command or a batch of 16 MiB, and what the group puts around it. */
export const MAX_ENTRY_BYTES: number = 17 * MIB
/** One call of `write`. More is refused with `ERR_TOO_LARGE`. */
export const MAX_WRITE_BYTES: number = 64 * MIB
/** Of writes that wait for the disk. More is refused with `ERR_TOO_LARGE`: wait for those under way. */
export const MAX_WAITING_BYTES: number = 256 * MIB
/** One chunk of a snapshot. */
export const MAX_CHUNK_BYTES: number = 16 * MIB
/** Hard state, and what belongs to a snapshot. */
export const MAX_STATE_BYTES: number = MIB
/** The name of an owner. */
export const MAX_OWNER_LENGTH = 1024
/** Writes that wait are joined up to this size. */
export const GROUP_BYTES: number = 4 * MIB
/** No segment comes near it; a larger file is not read. */
export const MAX_SEGMENT_BYTES: number = 1024 * MIB
