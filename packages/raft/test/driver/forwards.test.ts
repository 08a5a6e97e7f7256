import { canonical, generateSecretKey, peerIdOf, silentLogger, seededPrng, uniqueId } from '@mosaik/core'
import type { Clock, GroupId } from '@mosaik/core'
import { expect, test } from 'vitest'
import type { BondingOptions, Bonds, Membership } from '../../src/bond/types.ts'
import { groupSettings } from '../../src/config.ts'
import { Life } from '../../src/driver/life.ts'
import { groupKey } from '../../src/group-key.ts'
import type { Message, Proposal } from '../../src/logic/messages.ts'
import { memoryLog } from '../../src/storage/memory-log.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/message-codec.ts'

const MIB = 1024 * 1024
const LIFE = '0011223344556677'
const [me, leader] = [peerIdOf(generateSecretKey()), peerIdOf(generateSecretKey())]

function commands(number: number, session: string, bytes = 1): Proposal {
  return { id: number, data: { kind: 'commands', session, number, lowWater: 1, payloads: [new Uint8Array(bytes)] } }
}

/** A member that follows a leader, to whom frames get as long as there is room. */
async function follower() {
  const store = memoryLog()
  await store.open()
  const turns: (() => void)[] = []
  const arrived: string[][] = []
  let options: BondingOptions | undefined
  const rig = { room: Number.POSITIVE_INFINITY, lost: 0, arrived, propose }
  const membership = {
    send: (_, bytes) => {
      const message = decodeMessage(bytes)
      if (message.type !== 'forward') return true
      if (bytes.length > rig.room) return false
      arrived.push(message.proposals.map(({ id, data, again }) => `${data.session}${id}${again === true ? '!' : ''}`))
      return true
    },
  } as Membership
  const bonds = { join: (given: BondingOptions) => ((options = given), membership), heard: () => new Map() } as unknown as Bonds
  const clock = { turn: (task: () => void) => void turns.push(task), monotonic: () => 0 } as Clock
  const key = groupKey('forwards')
  const life = new Life(
    {
      me,
      groupId: uniqueId('group') as GroupId,
      key,
      settings: groupSettings({ key }, false),
      preference: 'normal',
      clock,
      prng: seededPrng('forwards'),
      logger: silentLogger,
      bonds,
      store,
      perform: () => {},
      onBonds: () => {},
      onForwardLost: () => void rig.lost++,
      onAppended: () => {},
      onFrame: () => {},
      onFailed: (error) => expect(error).toBeUndefined(),
    },
    LIFE,
    undefined,
  )
  const empty = { type: 'append', lineage: uniqueId('lineage'), term: 1, incarnation: LIFE, previous: { term: 0, index: 0 } } as const
  options?.onUp(leader, canonical({ incarnation: LIFE }))
  options?.onFrame(leader, encodeMessage({ ...empty, entries: [], commit: 0 } as Message), 'bulk')
  turn()
  await new Promise(setImmediate) // what it has written is durable: nothing is held back for that
  turn()
  expect(life.core.state.leader).toBe(leader)
  return rig

  function turn(): void {
    for (const task of turns.splice(0)) task()
  }

  function propose(...proposals: Proposal[]): void {
    life.runner.propose(proposals)
    turn()
  }
}

test('what is lost on its way to the leader is overtaken by nothing of its session, until that says again', async () => {
  const rig = await follower()
  rig.propose(commands(1, 'a'), commands(2, 'a'))
  expect(rig.arrived.splice(0)).toEqual([['a1', 'a2']])
  rig.room = MIB / 2
  rig.propose(commands(3, 'a', 2 * MIB), commands(4, 'a'), commands(9, 'b'))
  expect(rig.arrived.splice(0)).toEqual([['b9']])
  expect(rig.lost).toBe(2)
  rig.propose(commands(5, 'a'))
  expect([rig.arrived.splice(0), rig.lost]).toEqual([[], 3])
  rig.room = Number.POSITIVE_INFINITY
  rig.propose(commands(10, 'b'))
  rig.propose({ ...commands(3, 'a', 2 * MIB), again: true }, commands(4, 'a'), commands(5, 'a'))
  rig.propose(commands(6, 'a'))
  expect(rig.arrived).toEqual([['b10'], ['a3!'], ['a4', 'a5'], ['a6']])
  expect(rig.lost).toBe(3)
})
