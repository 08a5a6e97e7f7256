import assert from 'node:assert/strict'
import { MAX_GOSSIP_BYTES } from '../../net/gossip.ts'
import type { GossipTopic, GossipVerdict } from '../../net/gossip.ts'
import type { Endpoint } from '../../net/endpoint.ts'
import { addressOf } from './rig.ts'
import type { EndpointCase, Rig } from './types.ts'

const TOPIC = '/mosaik/suite/topic/1.0'

/** Gossip over the connections there are. */
export const gossipCases: readonly EndpointCase[] = [
  {
    name: 'gossip from a leaf reaches all five on a hub, once, and not itself',
    run: async (rig) => {
      const members = await hub(rig, 4)
      const leaf = members[1] as Member
      leaf.topic.publish(new TextEncoder().encode('news'))
      const others = members.filter((member) => member !== leaf)
      await rig.wait(Promise.all(others.map((member) => member.heard((texts) => texts.includes('news')))), 'the news at all', 12_000)
      await rig.quiet(500)
      for (const member of others) assert.deepEqual(member.texts, ['news'])
      assert.deepEqual(leaf.texts, [])
    },
  },
  {
    name: 'gossip that the hub refuses travels no further',
    run: async (rig) => {
      const members = await hub(rig, 2, (text) => (text === 'bad' ? 'reject' : text === 'dull' ? 'ignore' : 'accept'))
      const [center, from, to] = members as [Member, Member, Member]
      for (const text of ['bad', 'dull', 'good']) from.topic.publish(new TextEncoder().encode(text))
      await rig.wait(
        to.heard((texts) => texts.includes('good')),
        'the good news',
        12_000,
      )
      await rig.quiet(500)
      assert.deepEqual(to.texts, ['good'])
      assert.deepEqual(center.texts.toSorted(), ['bad', 'dull', 'good'])
    },
  },
  {
    name: 'gossip with the same content is heard once',
    run: async (rig) => {
      const [center, from] = (await hub(rig, 1)) as [Member, Member]
      for (const text of ['twice', 'twice', 'done']) from.topic.publish(new TextEncoder().encode(text))
      await rig.wait(
        center.heard((texts) => texts.includes('done')),
        'the last message',
        12_000,
      )
      assert.deepEqual(center.texts.toSorted(), ['done', 'twice'])
    },
  },
  {
    name: 'a topic is joined once, bounded, and can be left',
    run: async (rig) => {
      const [center, leaf] = (await hub(rig, 1)) as [Member, Member]
      assert.throws(
        () => leaf.endpoint.gossip.join(TOPIC, () => 'accept'),
        (error: { code?: string }) => error.code === 'ERR_ALREADY_EXISTS',
      )
      assert.throws(
        () => leaf.topic.publish(new Uint8Array(MAX_GOSSIP_BYTES + 1)),
        (error: { code?: string }) => error.code === 'ERR_TOO_LARGE',
      )
      leaf.topic.leave()
      await rig.wait(
        center.topic.neighbours.until((peers) => peers.size === 0),
        'the leave',
      )
      leaf.endpoint.gossip.join(TOPIC, () => 'accept')
      await rig.wait(
        center.topic.neighbours.until((peers) => peers.has(leaf.endpoint.id)),
        'the return',
        12_000,
      )
    },
  },
]

interface Member {
  readonly endpoint: Endpoint
  readonly topic: GossipTopic
  readonly texts: string[]
  heard(condition: (texts: readonly string[]) => boolean): Promise<void>
}

/** A hub and `leaves` connected to it and to nobody else, all in the topic and aware of it. The hub comes first. */
async function hub(rig: Rig, leaves: number, judge?: (text: string) => GossipVerdict): Promise<Member[]> {
  const members: Member[] = []
  for (let i = 0; i <= leaves; i++) members.push(member(await rig.create(), i === 0 ? judge : undefined))
  const [center, ...rest] = members as [Member, ...Member[]]
  for (const leaf of rest) await rig.wait(leaf.endpoint.connect(addressOf(center.endpoint)), 'the hub')
  const aware = rest.map((leaf) => leaf.topic.neighbours.until((peers) => peers.has(center.endpoint.id)))
  await rig.wait(Promise.all([...aware, center.topic.neighbours.until((peers) => peers.size === leaves)]), 'neighbours', 12_000)
  return members
}

function member(endpoint: Endpoint, judge: (text: string) => GossipVerdict = () => 'accept'): Member {
  const texts: string[] = []
  let waiting: (() => void)[] = []
  const topic = endpoint.gossip.join(TOPIC, (data) => {
    const text = new TextDecoder().decode(data)
    texts.push(text)
    for (const wake of waiting.splice(0)) wake()
    return judge(text)
  })
  const heard = async (condition: (texts: readonly string[]) => boolean): Promise<void> => {
    while (!condition(texts)) await new Promise<void>((resolve) => (waiting = [...waiting, resolve]))
  }
  return { endpoint, topic, texts, heard }
}
