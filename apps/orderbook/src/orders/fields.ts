/** What a line says, by the names of its fields, or what is wrong with it. Nothing has been looked at yet. */
export interface Fields {
  /** From 1. */
  readonly line: number
  readonly fields: Readonly<Record<string, unknown>> | Error
  /** Without this line none after it can be read. */
  readonly isFatal?: boolean
}
