import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096
/** In the line of `/proc/<pid>/stat`, counted from the state, which follows the name in brackets. */
const USER_TIME = 11
const SYSTEM_TIME = 12
const RESIDENT_PAGES = 21

/** What processes have used up between two moments. Without `/proc` every figure is NaN. */
export interface Used {
  readonly seconds: number
  /** CPU seconds of all of them. */
  readonly cpu: number
  /** Cores that others (neither they nor this process) kept busy: what makes figures worthless. */
  readonly foreign: number
}

/** Begins to watch; call what it answers at the end. */
export function watchCpu(pids: readonly number[]): () => Used {
  const begun = { at: performance.now(), cpu: cpuOf(pids), own: ownCpu(), machine: machineCpu() }
  return () => {
    const seconds = (performance.now() - begun.at) / 1_000
    const cpu = cpuOf(pids) - begun.cpu
    const foreign = (machineCpu() - begun.machine - cpu - (ownCpu() - begun.own)) / seconds
    return { seconds, cpu, foreign: Math.max(0, foreign) }
  }
}

export function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = statOf(pid)
    return sum + (Number(stat?.[USER_TIME] ?? NaN) + Number(stat?.[SYSTEM_TIME] ?? NaN)) / TICKS_PER_SECOND
  }, 0)
}

/** Resident memory, bytes. */
export const memoryOf = (pid: number): number => Number(statOf(pid)?.[RESIDENT_PAGES] ?? NaN) * PAGE_BYTES

function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** User and system time of all cores; interrupts are nobody's. */
function machineCpu(): number {
  try {
    const [, user, nice, system] = (/^cpu +(\d+) (\d+) (\d+)/.exec(readFileSync('/proc/stat', 'utf8')) ?? []).map(Number)
    return ((user ?? NaN) + (nice ?? NaN) + (system ?? NaN)) / TICKS_PER_SECOND
  } catch {
    return NaN
  }
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
