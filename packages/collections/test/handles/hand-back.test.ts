import { MosaikError } from '@mosaik/core'
import type { ErrorCode } from '@mosaik/core'
import { describe, expect, it } from 'vitest'
import { handBack } from '../../src/handles/hand-back.ts'

const codes: readonly ErrorCode[] = ['ERR_OFFLINE', 'ERR_UNKNOWN', 'ERR_SUPERSEDED', 'ERR_CLOSED', 'ERR_TOO_LARGE', 'ERR_GROUP_FAILED']

describe('an error of a write', () => {
  it.each(codes)('%s hands back what was given, under the same code and message', (code) => {
    const cause = new MosaikError(code, 'why', { commands: [{ method: 'insert', args: ['a', 1] }] })
    const error = handBack(cause, ['a', 1])
    expect(error).toMatchObject({ code, message: 'why', datum: ['a', 1], value: ['a', 1], cause })
    expect('commands' in (error as object)).toBe(false)
  })

  it('has nothing to hand back when nothing was given', () => {
    expect('datum' in (handBack(new MosaikError('ERR_CLOSED', 'why'), undefined) as object)).toBe(false)
  })

  it('stays as it is when it is not ours: the reason of a signal', () => {
    const reason = new Error('enough')
    expect(handBack(reason, 1)).toBe(reason)
  })
})
