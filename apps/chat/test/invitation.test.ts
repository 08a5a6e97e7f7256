import { expect, it } from 'vitest'
import { invitation } from '../src/invitation.ts'

it('invites with one address for this machine, and all for others', () => {
  const loopback = '/ip4/127.0.0.1/udp/1/quic-v1/p2p/a'
  const others = ['/ip4/192.0.2.7/udp/1/quic-v1/p2p/a', '/ip6/fd00::2/udp/2/quic-v1/p2p/a']
  expect(invitation([loopback, others[0]!, '/ip6/::1/udp/2/quic-v1/p2p/a', others[1]!])).toEqual([
    `Others join on this machine with --peers ${loopback}`,
    'Others join from another machine with one of these:',
    ...others.map((address) => `  --peers ${address}`),
  ])
  expect(invitation([loopback])).toEqual([`Others join on this machine with --peers ${loopback}`])
  expect(invitation(others)).toHaveLength(3)
  expect(invitation([])).toEqual([expect.stringContaining('does not listen')])
})
