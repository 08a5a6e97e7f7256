import type { Family, Series } from './series.ts'

/** Prometheus text, version 0.0.4: a TYPE line per name, then its series, both in the order of their first use. */
export function exposition(families: Iterable<Family>): string {
  const lines: string[] = []
  for (const family of families) {
    lines.push(`# TYPE ${family.name} ${family.kind}`)
    for (const [labels, series] of family.series) {
      if (family.kind === 'histogram') histogramLines(lines, family, labels, series)
      else lines.push(`${family.name}${braces(labels)} ${numberText(series.value)}`)
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function histogramLines(lines: string[], { name, buckets }: Family, labels: string, series: Series): void {
  const prefix = labels === '' ? '' : `${labels},`
  let below = 0
  for (const [i, bound] of buckets.entries()) {
    below += series.counts[i] as number
    lines.push(`${name}_bucket{${prefix}le="${numberText(bound)}"} ${below}`)
  }
  lines.push(`${name}_bucket{${prefix}le="+Inf"} ${series.value}`)
  lines.push(`${name}_sum${braces(labels)} ${numberText(series.sum)}`)
  lines.push(`${name}_count${braces(labels)} ${series.value}`)
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
