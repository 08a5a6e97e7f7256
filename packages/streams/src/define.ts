import { check, deriveId, MosaikError, uniqueId } from '@mosaik/core'
import { resolveDefinition } from './config.ts'
import type { DefinitionParts } from './config.ts'
import type { Datum, StreamDef, StreamDefaults } from './types.ts'

/** Shared by all copies of this package in a process. */
const PARTS: unique symbol = Symbol.for('mosaik.stream') as never

/**
 * Names a stream and gives its type. The same name is the same stream everywhere, so state it once and import it on both sides.
 *
 * `type` is a Standard Schema (zod, valibot, arktype …), checked on both sides, or a codec of one's own; without it data
 * are CBOR, unchecked. `defaults` travel with the definition: keys beside the sections hold for both sides, a section for
 * the side that has the option. `require` and `requireTicket` of definition and call add up; of everything else the call's wins.
 *
 * The id is `uniqueId(name)`, with a version `deriveId(uniqueId(name), 'v' + version)`. Throws `ERR_INVALID_OPTION`.
 */
export function defineStream<T>(name: string, type?: Datum<T>, defaults: StreamDefaults<T> = {}): StreamDef<T> {
  const id = uniqueId(check.text<string>('name', name, { max: 1024 }))
  if (typeof defaults !== 'object' || defaults === null)
    throw new MosaikError('ERR_INVALID_OPTION', 'defaults must be an object of options')
  const version = check.integer('version', defaults.version, { min: 0, default: undefined })
  const definition: StreamDef<T> = { id: version === undefined ? id : deriveId(id, `v${version}`), name }
  Object.defineProperty(definition, PARTS, { value: resolveDefinition(type, defaults) })
  return Object.freeze(definition)
}

/** What `defineStream` was given. Throws `ERR_INVALID_OPTION` for anything else. */
export function partsOf(definition: StreamDef<unknown>): DefinitionParts {
  const parts = (definition as { [PARTS]?: DefinitionParts } | null | undefined)?.[PARTS]
  if (parts === undefined) throw new MosaikError('ERR_INVALID_OPTION', 'definition is no stream; make it with defineStream(name)')
  return parts
}
