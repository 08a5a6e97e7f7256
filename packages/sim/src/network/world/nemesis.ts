import type { Draw } from '../../draw.ts'
import { Undoing } from '../../undoing.ts'
import type { FaultName } from '../plan/types.ts'
import { crash, leave, start } from './lives.ts'
import type { Life, Machine } from './machine.ts'
import { pass } from './sim.ts'
import type { Disturbance, Sim } from './sim.ts'

/** Machines that are always there in the end: others have nobody else to begin with. */
function isAnchor({ machine }: Life, sim: Sim): boolean {
  return sim.plan.nodes.findIndex(({ network }) => network === machine.plan.network) === machine.plan.index
}

/** Makes faults until the first phase is over, and undoes them all then. */
export class Nemesis {
  readonly #sim: Sim
  readonly #draw: Draw
  readonly #faults: Undoing
  /** The longest leap of a clock that was made: entries dated so far ahead are still about. */
  leapMs = 0

  constructor(sim: Sim) {
    this.#sim = sim
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

  /** Ways open, processes run, clocks are right again, and whoever must be there is. */
  async heal(): Promise<void> {
    const sim = this.#sim
    sim.log('heal everything')
    this.#faults.all()
    sim.world.heal()
    for (const machine of sim.machines) {
      const { life } = machine
      if (life === undefined || life.state === 'leaving') continue
      const isNeeded = life.isOpen || isAnchor(life, sim) || sim.openIn(machine.plan.network).length < 2
      if (!life.isOpen && (isNeeded || this.#draw.chance(0.3))) await start(sim, machine)
    }
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
      case 'break':
        if (!sim.world.breakConnection(a.network, b.network)) return
        sim.log(`break ${a.name} – ${b.name}`)
        return void this.#disturb((x, y) => x === a.machine && y === b.machine, sim.now)
      case 'pause':
        return this.#pause(a)
      case 'crash':
        return this.#end(a, () => crash(sim, a))
      case 'restart':
        this.#disturb((x) => x === a.machine, sim.now)
        crash(sim, a)
        return void start(sim, a.machine)
      case 'leave':
        return this.#end(a, () => void leave(sim, a))
      case 'step':
        return this.#step(a.machine, Math.round(draw.float(-1, 1) * (sim.plan.discovery.maxTimeDrift / 3)))
      case 'leap':
        return this.#leap(a)
      case 'slow':
        return this.#slow(a, b)
    }
  }

  #cut(group: readonly Life[], oneWay: boolean): void {
    const sim = this.#sim
    const ms = this.#draw.around(6_000)
    sim.log(`cut ${oneWay ? 'the way from ' : ''}${group.map(({ name }) => name).join(' ')} for ${Math.round(ms)} ms`)
    const machines = new Set(group.map(({ machine }) => machine))
    const calm = this.#disturb((x, y) => machines.has(x) && !machines.has(y))
    const rejoin = sim.world.partition(
      group.map(({ network }) => network),
      undefined,
      { oneWay },
    )
    this.#faults.after(ms, () => {
      rejoin()
      calm()
    })
  }

  #pause(life: Life): void {
    const sim = this.#sim
    const ms = this.#draw.around(3_000)
    sim.log(`pause ${life.name} for ${Math.round(ms)} ms`)
    life.state = 'paused'
    sim.world.pause(life.network)
    const calm = this.#disturb((x) => x === life.machine)
    this.#faults.after(ms, () => {
      calm()
      if (life.state !== 'paused') return
      sim.log(`resume ${life.name}`)
      life.state = 'running'
      life.runsSince = sim.now
      sim.world.resume(life.network)
    })
  }

  /** Ends a process; mostly it comes back. Enough of them always stay. */
  #end(life: Life, end: () => void): void {
    const sim = this.#sim
    const gone = sim.machines.filter(({ life: there }) => there?.isOpen === false).length
    if (gone * 2 >= sim.machines.length) return
    this.#disturb((x) => x === life.machine, sim.now)
    end()
    if (!isAnchor(life, sim) && this.#draw.chance(0.4)) return
    const again = (): void => void (life.state === 'leaving' || start(sim, life.machine))
    void pass(sim, this.#draw.around(5_000)).then(() => sim.phase === 'safety' && life.machine.life === life && again())
  }

  /** Makes a wall clock show so much too much. */
  #step(machine: Machine, skewMs: number): void {
    const sim = this.#sim
    const { life, plan } = machine
    const ms = skewMs - machine.skewMs
    if (life === undefined || ms === 0) return
    sim.log(`step the clock of ${plan.label} by ${ms} ms, to ${skewMs} ms`)
    machine.skewMs = skewMs
    this.leapMs = Math.max(this.leapMs, skewMs)
    sim.world.stepClock(life.network, ms)
    sim.tell((probe) => probe.onStep?.(life, ms))
  }

  /** Beyond what is allowed, for a while. */
  #leap({ machine }: Life): void {
    const { maxTimeDrift, purgeAfter } = this.#sim.plan.discovery
    const far = Math.round(maxTimeDrift * 1.5 + this.#draw.float(0, purgeAfter))
    this.#step(machine, this.#draw.chance(0.5) ? far : -far)
    this.#faults.after(this.#draw.around(6_000), () => this.#step(machine, machine.plan.skewMs))
  }

  #slow(a: Life, b: Life): void {
    const sim = this.#sim
    const { latency, jitter, bandwidth, loss } = sim.plan.world
    sim.log(`slow ${a.name} – ${b.name}`)
    sim.world.shapePath(a.network, b.network, { latency: this.#draw.int(50, 400), jitter: 0.5, bandwidth: 20_000, loss: 0.2 })
    const [x, y] = [a.machine, b.machine]
    const calm = this.#disturb((one, other) => one === x && other === y)
    this.#faults.after(this.#draw.around(8_000), () => {
      calm()
      if (x.life === undefined || y.life === undefined) return
      sim.world.shapePath(x.life.network, y.life.network, { latency: (latency.min + latency.max) / 2, jitter, bandwidth, loss })
    })
  }

  /** Puts on record who cannot hear whom. Returns what ends it. */
  #disturb(between: Disturbance['between'], until: number = Number.POSITIVE_INFINITY): () => void {
    const disturbance: Disturbance = { from: this.#sim.now, until, between }
    this.#sim.disturbances.push(disturbance)
    return () => (disturbance.until = this.#sim.now)
  }
}
