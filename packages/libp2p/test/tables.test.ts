import { toBytes, uniqueId } from '@mosaik/core'
import { multiaddr } from '@multiformats/multiaddr'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, test } from 'vitest'
import { cidOf, loadKad } from '../src/rendezvous/session.ts'
import { settingsOf } from '../src/rendezvous/tables.ts'

const id = uniqueId('somewhere')
const peer = { id: {} as never, multiaddrs: [multiaddr('/ip4/127.0.0.1/udp/1/quic-v1'), multiaddr('/ip4/8.8.8.8/udp/1/quic-v1')] }

test('a private table speaks its own protocol, keeps local addresses and serves when told to', async () => {
  const settings = settingsOf({ kind: 'private', bootstrap: ['/ip4/127.0.0.1/udp/1/quic-v1'], serve: true })
  expect(settings.kad).toMatchObject({ protocol: '/mosaik/kad/1.0.0', clientMode: false })
  expect((await loadKad(settings)).init.peerInfoMapper?.(peer).multiaddrs).toHaveLength(2)
  expect(settingsOf({ kind: 'private', bootstrap: [], serve: false }).kad.clientMode).toBe(true)
})

test('the public table is that of IPFS, asked as a client, without local addresses', async () => {
  const settings = settingsOf({ kind: 'public' })
  expect(settings.kad).toMatchObject({ protocol: '/ipfs/kad/1.0.0', clientMode: true })
  expect((await loadKad(settings)).init.peerInfoMapper?.(peer).multiaddrs.map(String)).toEqual(['/ip4/8.8.8.8/udp/1/quic-v1'])
  expect(settings.serve).toBe(false)
  expect(settings.bootstrap.length).toBeGreaterThan(2)
})

test('neither table stores values', async () => {
  for (const table of [{ kind: 'public' }, { kind: 'private', bootstrap: [], serve: true }] as const) {
    await expect(settingsOf(table).kad.validators?.['pk']?.(new Uint8Array(), new Uint8Array())).rejects.toThrow(/provider records only/)
  }
})

test.each(['', 'nonsense', '/ip4/999.0.0.1/udp/1/quic-v1', '/nothing/here'])('the bootstrap address %j is refused', (text) => {
  expect(() => settingsOf({ kind: 'private', bootstrap: [text], serve: false })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
  )
})

test('a key is met under the sha2-256 of its bytes', async () => {
  const cid = await cidOf(id)
  expect(cid.code).toBe(0x55)
  expect(cid.multihash.digest).toEqual((await sha256.digest(toBytes(id))).digest)
  expect(cid.toString()).toMatch(/^bafkrei/)
})
