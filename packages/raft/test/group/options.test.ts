import { describe, expect, it } from 'vitest'
import { groupSettings } from '../../src/config.ts'
import { groupKey } from '../../src/group-key.ts'
import type { JoinOptions } from '../../src/types.ts'
import { GroupWorld, Journal } from './world.ts'
import type { Node } from './world.ts'

const key = groupKey('options')
const settings = (options: Partial<JoinOptions>) => groupSettings({ key, ...options }, false)
const consensus = (options: Exclude<JoinOptions['consensus'], 'fast'>) => settings({ consensus: options ?? {} })

describe('options of a group', () => {
  it('that are left out are as documented', () => {
    expect(settings({})).toMatchObject({
      timing: {
        heartbeatInterval: 500, electionTimeout: 2_000, electionJitter: 500, bootstrapDelay: 3_000, memberGrace: 15_000,
        recoveryTimeout: 30_000, queryTimeout: 2_000,
      },
      heartbeat: { interval: 500, jitter: 150, maxMissed: 10 },
      forwardTimeout: 2_000,
      maxVoters: 5,
      minMembers: 1,
      preference: 'normal',
      resubmit: false,
      sync: { fetchBatchSize: 2_000, snapshotTtl: 10_000, snapshotRequestTimeout: 15_000, fetchTimeout: 5_000 },
    }) // prettier-ignore
    expect(settings({ consensus: 'fast' })).toMatchObject({
      timing: { heartbeatInterval: 100, electionTimeout: 400, bootstrapDelay: 300, memberGrace: 3_000, recoveryTimeout: 6_000, queryTimeout: 1_000 },
      forwardTimeout: 1_000,
    }) // prettier-ignore
    expect(groupSettings({ key, consensus: 'fast' }, true).timing.recoveryTimeout).toBe(Infinity)
  })

  it('that are given take effect, beside a preset too', () => {
    expect(consensus({ preset: 'fast', queryTimeout: '250ms', forwardTimeout: 300 })).toMatchObject({
      timing: { queryTimeout: 250, electionTimeout: 400 },
      forwardTimeout: 300,
    })
    const sync = { fetchBatchSize: 7, snapshotTtl: '1m', snapshotRequestTimeout: '2s', fetchTimeout: 100 } as const
    expect(settings({ sync }).sync).toEqual({ fetchBatchSize: 7, snapshotTtl: 60_000, snapshotRequestTimeout: 2_000, fetchTimeout: 100 })
    expect(consensus({ heartbeatInterval: '1s' }).timing.memberGrace).toBe(30_000) // three times until a bond is dead
  })

  it.each<[string, Partial<JoinOptions>]>([
    ['sync.fetchBatchSize', { sync: { fetchBatchSize: 0 } }],
    ['sync.fetchBatchSize', { sync: { fetchBatchSize: 1_000_001 } }],
    ['sync.snapshotTtl', { sync: { snapshotTtl: 0 } }],
    ['sync.snapshotRequestTimeout', { sync: { snapshotRequestTimeout: '5ms' } }],
    ['sync.fetchTimeout', { sync: { fetchTimeout: -1 } }],
    ['consensus.queryTimeout', { consensus: { queryTimeout: 0 } }],
    ['consensus.forwardTimeout', { consensus: { forwardTimeout: 0 } }],
    ['consensus.heartbeatJitter', { consensus: { heartbeatInterval: 100, heartbeatJitter: 101 } }],
    ['consensus.maxVoters', { consensus: { maxVoters: 256 } }],
    ['consensus.recoveryTimeout', { consensus: { recoveryTimeout: 'sometimes' as never } }],
    ['preference', { preference: 'eager' as never }],
    ['preference.reluctant', { preference: { reluctant: 0.5 } }],
    ['retention.entries', { retention: { entries: 0 } }],
  ])('out of range throw ERR_INVALID_OPTION and name %s', async (name, options) => {
    await using world = new GroupWorld('out of range')
    const [node] = (await world.cluster(1)) as [Node]
    const message = expect.stringMatching(new RegExp(`^${name.replace('.', '\\.')} is `))
    expect(() => node.groups.join({ key, machine: new Journal(), ...options })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message }),
    )
  })
})
