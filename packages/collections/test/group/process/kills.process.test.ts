import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { MemberProcess } from './members.ts'
import type { Told } from './members.ts'

const MEMBERS = 5
const factor = Number(process.env['TIME_FACTOR'] ?? 1)
const KILLS = Number(process.env['KILLS'] ?? 1)

let alive: MemberProcess[] = []
const acked: string[] = []
let names = 0

afterEach(() => {
  for (const member of alive) member.kill()
  alive = []
})

async function start(): Promise<MemberProcess> {
  const bootstrap = (await Promise.all(alive.map((member) => member.told('address')))).map(({ address }) => address as string)
  const member = new MemberProcess({ name: `m${++names}`, bootstrap })
  alive.push(member)
  await member.told('address')
  return member
}

/** What all of them have, as soon as it is the same. */
async function agreed(): Promise<Told> {
  for (;;) {
    const answers = alive.map((member) => member.told('keys', { fresh: true }))
    for (const member of alive) member.say('?')
    const all = await Promise.all(answers)
    const [first] = all as [Told]
    if (all.every(({ index, lineage }) => index === first.index && lineage === first.lineage)) {
      for (const { keys } of all) expect(keys).toEqual(first.keys)
      return first
    }
    await delay(50)
  }
}

describe('a Map written at full speed by five processes', () => {
  it('has every acknowledged write once they are killed one after the other', { timeout: (30_000 + KILLS * 15_000) * factor }, async () => {
    for (let i = 0; i < MEMBERS; i++) await start()
    await Promise.all(alive.map((member) => member.told('voter')))
    for (let i = 0; i < KILLS; i++) {
      const victim = alive.shift() as MemberProcess
      victim.kill()
      acked.push(...victim.acked)
      const next = await start()
      await next.told('voter') // with it there are five again
      await next.told('acked')
    }
    for (const member of alive) member.say('stop')
    await Promise.all(alive.map((member) => member.told('stopped')))
    const { keys } = await agreed()
    const held = new Set(keys)
    acked.push(...alive.flatMap((member) => member.acked))
    expect(acked.filter((key) => !held.has(key))).toEqual([])
    expect(acked.length).toBeGreaterThan(100 * KILLS)
  })
})
