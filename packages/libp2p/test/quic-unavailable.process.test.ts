import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** A platform that nobody has built QUIC for: nothing of its package is found. */
const HIDDEN = `
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.includes('libp2p-quic')) throw Object.assign(new Error('Cannot find ' + specifier), { code: 'MODULE_NOT_FOUND' })
      return next(specifier, context)
    },
  })`
const PROGRAM = `${HIDDEN}
  const { createEndpoint } = await import('@mosaik/libp2p')
  for (const listen of ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/udp/0/quic-v1']) {
    try {
      await using endpoint = await createEndpoint('quic-unavailable-test', { listen: [listen] })
      console.log('listens', endpoint.addresses.length)
    } catch (error) {
      console.log(error.code)
    }
  }`

it('without a binary for QUIC nodes listen on TCP, and are told what is missing for QUIC', async () => {
  const args = ['--conditions=@mosaik/source', '--input-type=module', '--eval', PROGRAM]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  expect(stdout).toBe('listens 1\nERR_QUIC_UNAVAILABLE\n')
})
