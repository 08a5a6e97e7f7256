import type { Draw } from '../../draw.ts'
import { Undoing } from '../../undoing.ts'
import type { FaultName } from '../plan/types.ts'
import { crash, leave, start, wipe } from './lives.ts'
import type { Life, Machine } from './machine.ts'
import type { MemberRun } from './member.ts'
import { pass } from './sim.ts'
import type { MembersSim } from './sim.ts'

/** Keeps the old leader out of what comes next: `cut` cuts it off for so many ms. */
export type StaleLeader<Run> = (old: Run, draw: Draw, cut: (run: Run, ms: number) => void) => Promise<void>

/** Makes faults until the first phase is over, and undoes them all then. */
export class Nemesis<Run extends MemberRun> {
  readonly #sim: MembersSim<Run>
  readonly #makeStale: StaleLeader<Run> | undefined
  readonly #draw: Draw
  readonly #faults: Undoing

  /** `makeStale` makes a leader stale; without it that fault is none. */
  constructor(sim: MembersSim<Run>, makeStale?: StaleLeader<Run>) {
    this.#sim = sim
    this.#makeStale = makeStale
    this.#draw = sim.draw.under('nemesis')
    this.#faults = new Undoing((ms) => pass(sim, ms))
  }

  async rage(until: number): Promise<void> {
    const sim = this.#sim
    for (;;) {
      await pass(sim, this.#draw.around(sim.plan.faultEveryMs))
      if (sim.now >= until || sim.violation !== undefined) return
      this.#strike(this.#draw.pick(sim.plan.faults))
    }
  }

  /** Ways open, nothing is lost any more, processes run, and whoever holds data is there. */
  async heal(): Promise<void> {
    const sim = this.#sim
    sim.log('heal everything')
    this.#faults.all()
    sim.world.heal()
    const areNeeded = sim.machines.some(({ plan }) => plan.durable) || sim.plan.groups.some(({ minMembers }) => minMembers > 1)
    for (const machine of sim.machines) {
      const { life } = machine
      if (life === undefined || life.isOpen) continue
      if (areNeeded && life.state === 'leaving') await life.over
      if (life.state === 'leaving') continue
      if (areNeeded || sim.open.length < 2 || this.#draw.chance(0.6)) await start(sim, machine)
    }
    await this.#somebodyWhoMayLead()
    this.#calm()
  }

  /** Observers alone wait for ever. */
  async #somebodyWhoMayLead(): Promise<void> {
    const { open, machines } = this.#sim
    if (open.some(({ machine }) => machine.plan.preference !== 'observer')) return
    const machine = machines.find(({ plan, life }) => plan.preference !== 'observer' && life !== undefined)
    if (machine === undefined) return
    if (machine.life?.state === 'leaving') await machine.life.over
    await start(this.#sim, machine)
  }

  #calm(): void {
    const { world, machines, plan } = this.#sim
    const endpoints = machines.flatMap(({ life }) => (life === undefined ? [] : [life.endpoint]))
    const latency = (plan.world.latency.min + plan.world.latency.max) / 2
    endpoints.forEach((a, i) => {
      for (const b of endpoints.slice(i + 1)) world.shapePath(a, b, { latency, loss: 0, bandwidth: plan.world.bandwidth })
    })
  }

  #strike(fault: FaultName): void {
    const sim = this.#sim
    const draw = this.#draw
    const { running } = sim
    const [a, b] = draw.some(running, 2)
    if (a === undefined || b === undefined) return
    switch (fault) {
      case 'partition':
      case 'one-way':
        return this.#cut(draw.some(running, draw.int(1, Math.ceil(running.length / 2))), fault === 'one-way')
      case 'split':
        return this.#cut(draw.some(running, Math.floor(running.length / 2)), false)
      case 'isolate-leader':
        return this.#cut([this.#leader() ?? a], draw.chance(0.3))
      case 'break':
        if (sim.world.breakConnection(a.endpoint, b.endpoint)) sim.log(`break ${a.name} – ${b.name}`)
        return
      case 'pause':
        return this.#pause(draw.chance(0.4) ? (this.#leader() ?? a) : a)
      case 'crash':
        return this.#end([a], false)
      case 'crash-leader':
        return this.#end([this.#leader() ?? a], false)
      case 'restart':
        return this.#restart(draw.chance(0.3) ? (this.#leader() ?? a) : a)
      case 'outage':
        return this.#end(draw.some(running, draw.int(2, running.length)), false)
      case 'wipe':
        return this.#end([a], true)
      case 'leave':
        return this.#leave(draw.chance(0.3) ? (this.#leader() ?? a) : a)
      case 'transfer':
        return this.#transfer(a, draw.chance(0.5) ? b : undefined)
      case 'stale-leader':
        return this.#staleLeader()
      case 'step':
        return this.#step(a.machine)
      case 'slow':
        return this.#slow(a, b)
    }
  }

  /** Whoever leads, as somebody says who may be wrong. */
  #leader(): Life | undefined {
    return this.#draw.some(
      this.#sim.running.filter((life) => this.#sim.runsIn(life).some(({ group }) => group.isLeader)),
      1,
    )[0]
  }

  #cut(group: readonly Life[], oneWay: boolean): void {
    const sim = this.#sim
    const ms = this.#draw.around(2_000)
    const isOutwards = !oneWay || this.#draw.chance(0.5)
    const others = sim.open.filter((life) => !group.includes(life))
    if (others.length === 0) return
    sim.log(
      `cut ${oneWay ? `the way ${isOutwards ? 'from' : 'to'} ` : ''}${group.map(({ name }) => name).join(' ')} for ${Math.round(ms)} ms`,
    )
    const here = group.map(({ endpoint }) => endpoint)
    const there = others.map(({ endpoint }) => endpoint)
    const heal = isOutwards ? sim.world.partition(here, undefined, { oneWay }) : sim.world.partition(there, here, { oneWay })
    this.#faults.after(ms, heal)
  }

  #pause(life: Life): void {
    const sim = this.#sim
    const ms = this.#draw.around(1_200)
    sim.log(`pause ${life.name} for ${Math.round(ms)} ms`)
    const since = sim.now
    life.state = 'paused'
    sim.world.pause(life.endpoint)
    this.#faults.after(ms, () => {
      if (life.state !== 'paused') return
      sim.log(`resume ${life.name}`)
      life.state = 'running'
      life.runsSince = sim.now
      life.pausedMs += sim.now - since
      sim.world.resume(life.endpoint)
    })
  }

  /** Processes end without a goodbye; mostly they come back. In memory somebody always stays: else nothing would be left to look at. */
  #end(victims: readonly Life[], isWiped: boolean): void {
    const sim = this.#sim
    const draw = this.#draw
    const isPower = draw.chance(0.5)
    const ended = victims.filter((life) => {
      const mayEnd = sim.open.length > 1 || (life.machine.plan.durable && !isWiped)
      if (mayEnd) crash(sim, life, isPower)
      return mayEnd
    })
    for (const { machine, number } of ended) {
      if (isWiped) wipe(sim, machine)
      if (draw.chance(0.85)) this.#again(machine, number, draw.around(1_500))
    }
  }

  #restart(life: Life): void {
    const { machine, number } = life
    if (this.#sim.open.length < 2 && !machine.plan.durable) return
    crash(this.#sim, life, this.#draw.chance(0.5))
    this.#again(machine, number, 0)
  }

  #leave(life: Life): void {
    const sim = this.#sim
    if (sim.open.length < 3) return
    const { machine, number } = life
    const ms = this.#draw.around(1_500)
    const isWiped = this.#draw.chance(0.3)
    const comesBack = this.#draw.chance(0.7)
    void leave(sim, life).then(() => {
      if (machine.plan.durable && isWiped) wipe(sim, machine)
      if (comesBack) this.#again(machine, number, ms)
    })
  }

  /** Starts it again after a while, unless somebody else has, or everything is being healed. */
  #again(machine: Machine, number: number, ms: number): void {
    const sim = this.#sim
    void pass(sim, ms).then(async () => {
      if (sim.phase === 'safety' && machine.life?.number === number) await start(sim, machine)
    })
  }

  #transfer(from: Life, to: Life | undefined): void {
    const run = this.#draw.pick(this.#sim.runsIn(from))
    this.#sim.log(`transfer leadership to ${to?.name ?? 'anyone'}, asked at ${run.name}`)
    run.group.transferLeadership(to?.peerId).catch(() => undefined)
  }

  #staleLeader(): void {
    const old = this.#draw.some(
      this.#sim.running.flatMap((life) => this.#sim.runsIn(life).filter(({ group }) => group.isLeader)),
      1,
    )[0]
    if (old === undefined) return
    const cut = (run: Run, ms: number): void => this.#faults.after(ms, this.#sim.world.partition(run.life.endpoint))
    void this.#makeStale?.(old, this.#draw.under(`stale at ${this.#sim.now}`), cut)
  }

  #step(machine: Machine): void {
    const { life } = machine
    if (life === undefined) return
    const ms = Math.round(this.#draw.float(-2_000, 2_000)) - machine.skewMs
    this.#sim.log(`step the clock of ${machine.plan.label} by ${ms} ms`)
    machine.skewMs += ms
    this.#sim.world.stepClock(life.endpoint, ms)
  }

  #slow(a: Life, b: Life): void {
    const sim = this.#sim
    const { latency, jitter, bandwidth, loss } = sim.plan.world
    sim.log(`slow ${a.name} – ${b.name}`)
    sim.world.shapePath(a.endpoint, b.endpoint, { latency: this.#draw.int(50, 400), jitter: 0.5, bandwidth: 20_000, loss: 0.2 })
    const [x, y] = [a.machine, b.machine]
    this.#faults.after(this.#draw.around(2_500), () => {
      if (x.life === undefined || y.life === undefined) return
      sim.world.shapePath(x.life.endpoint, y.life.endpoint, { latency: (latency.min + latency.max) / 2, jitter, bandwidth, loss })
    })
  }
}
