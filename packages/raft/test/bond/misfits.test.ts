import { shortId } from '@mosaik/core'
import type { Logger } from '@mosaik/core'
import { expect, it } from 'vitest'
import { groupKey } from '../../src/group-key.ts'
import { GroupWorld, Journal } from '../group/world.ts'
import type { Node } from '../group/world.ts'

/** Warnings, as they were given. */
function keeper(): { readonly logger: Logger; readonly warnings: (readonly unknown[])[] } {
  const warnings: (readonly unknown[])[] = []
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (...args: readonly unknown[]) => void warnings.push(args) }
  return { logger, warnings }
}

const misfits = ({ endpoint }: Node): string | undefined => /^mosaik_groups_misfits\{.*\} (\d+)$/m.exec(endpoint.metrics.text())?.[1]

it('two nodes with one key and different settings never meet, and each says so once', async () => {
  await using world = new GroupWorld('misfits')
  const [a, b] = [keeper(), keeper()]
  const first = await world.node({}, { logger: a.logger })
  const second = await world.node({ consensus: { preset: 'fast', electionTimeout: 500 } }, { logger: b.logger })
  await world.run(world.until(() => a.warnings.length > 0 && b.warnings.length > 0, 'both have noticed'))
  second.discovery.addTags('something') // other entries of the same node
  first.discovery.addTags('something')
  await world.run(world.pass(30_000))
  expect([first, second].map(({ group }) => [group.bonds.value.length, group.isLeader])).toEqual([
    [0, true],
    [0, true],
  ])
  const said = (of: Node, group: Node, other: Node): readonly unknown[] => [
    expect.stringMatching(/likely configured differently.*electionTimeout|likely configured differently/),
    of.id,
    group.group.id,
    other.group.id,
  ]
  expect([a.warnings, b.warnings]).toEqual([[said(second, first, second)], [said(first, second, first)]])
  expect([misfits(first), misfits(second)]).toEqual(['1', '1'])
})

it('who is in both, or has another key, is none', async () => {
  await using world = new GroupWorld('fits')
  const { logger, warnings } = keeper()
  const first = await world.node({}, { logger })
  const settings = { preset: 'fast', electionTimeout: 500 } as const
  first.groups.join({ key: groupKey('journal'), machine: new Journal(), consensus: settings })
  const second = await world.node({ consensus: settings })
  await world.node({ key: groupKey('another key') })
  await world.run(second.group.bonds.until((bonds) => bonds.length === 1))
  await world.run(world.pass(10_000))
  expect(warnings).toEqual([])
  expect(misfits(first)).toBe('0')
  expect([...(first.discovery.me.hints ?? [])].map(([id]) => shortId(id)).sort()).toEqual(
    [...first.discovery.me.groups].map((id) => shortId(id)).sort(),
  )
})
