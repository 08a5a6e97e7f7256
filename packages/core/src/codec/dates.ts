// A moment that was given is data like any other; what is not allowed is to ask for the present one.
// oxlint-disable-next-line no-restricted-globals
const Moment = Date

/** Milliseconds since 1970, NaN for an invalid date; undefined for what is no date. */
export function timeOf(value: object): number | undefined {
  return value instanceof Moment ? value.getTime() : undefined
}

/** Undefined for seconds that `timeOf(date) / 1000` of no date is. */
export function dateOfSeconds(seconds: number): Date | undefined {
  const near = Math.round(seconds * 1000)
  // Seconds are rounded, so the millisecond that they were made of may be the one beside.
  for (const time of [near, near - 1, near + 1]) {
    const date = new Moment(time)
    if (time / 1000 === seconds && !Number.isNaN(date.getTime())) return date
  }
  return undefined
}
