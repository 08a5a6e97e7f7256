import { backoff, check, datumCodec, MosaikError, uniqueId } from '@mosaik/core'
import type { Codec, Prng, TicketValidator } from '@mosaik/core'
import type { Condition } from './logic/condition.ts'
import { Retry } from './logic/retry.ts'
import type {
  BackoffOptions,
  ConsumerOptions,
  Datum,
  Lagging,
  PeerCondition,
  PeerView,
  ProducerOptions,
  StreamDefaults,
  Validators,
} from './types.ts'
import { MAX_CREDIT_ITEMS } from './wire/protocol.ts'
import { resolveWhere } from './where.ts'
import type { Where } from './where.ts'

/** Whom an end accepts at the other end: every rule and every validator. */
export interface Rules {
  readonly require: readonly ((peer: PeerView) => boolean)[]
  readonly tickets: readonly TicketValidator[]
}

export interface ProducerSettings {
  readonly rules: Rules
  readonly onlineWhen: Condition
  readonly bufferSize: number
  readonly maxConsumers: number
  readonly lagging: Lagging
  readonly undelivered: ((datum: unknown) => void) | undefined
}

export interface ConsumerSettings {
  readonly rules: Rules
  readonly onlineWhen: Condition
  readonly bufferSize: number
  readonly where: Where | undefined
  readonly includeLocal: boolean
  retry(prng: Prng): Retry
}

/** What a definition carries beside its name. */
export interface DefinitionParts {
  readonly codec: Codec<unknown>
  readonly defaults: StreamDefaults<unknown>
}

export function resolveDefinition<T>(type: Datum<T> | undefined, defaults: StreamDefaults<T>): DefinitionParts {
  const parts: DefinitionParts = { codec: datumCodec(type) as Codec<unknown>, defaults: defaults as StreamDefaults<unknown> }
  // What cannot hold for any call is refused where it was written.
  producerSettings(parts.defaults, {})
  consumerSettings(parts.defaults, {}, {})
  return parts
}

export function producerSettings(defaults: StreamDefaults<unknown>, options: ProducerOptions<unknown>): ProducerSettings {
  const section = record('producer', defaults.producer)
  const call = record('options', options)
  return {
    rules: rules(defaults, section, call),
    onlineWhen: resolveCondition('onlineWhen', call.onlineWhen ?? section.onlineWhen ?? defaults.onlineWhen, 1),
    bufferSize: bufferSize(call.bufferSize ?? section.bufferSize),
    maxConsumers: check.integer('maxConsumers', call.maxConsumers ?? section.maxConsumers, { min: 1, default: Number.MAX_SAFE_INTEGER }),
    lagging: check.oneOf('lagging', call.lagging ?? section.lagging, ['disconnect', 'drop', 'wait'] as const, { default: 'disconnect' }),
    undelivered: callback('undelivered', call.undelivered ?? section.undelivered),
  }
}

export function consumerSettings(
  defaults: StreamDefaults<unknown>,
  options: ConsumerOptions<unknown>,
  fallback: BackoffOptions,
): ConsumerSettings {
  const section = record('consumer', defaults.consumer)
  const call = record('options', options)
  const backoffOptions = resolveBackoff('backoff', call.backoff ?? section.backoff ?? fallback)
  return {
    rules: rules(defaults, section, call),
    onlineWhen: resolveCondition('onlineWhen', call.onlineWhen ?? section.onlineWhen ?? defaults.onlineWhen, 0),
    bufferSize: bufferSize(call.bufferSize ?? section.bufferSize),
    where: resolveWhere(call.where ?? section.where),
    includeLocal: check.boolean('includeLocal', call.includeLocal ?? section.includeLocal, { default: false }),
    retry: (prng) => new Retry(() => backoff(backoffOptions, prng), backoffOptions.giveUpAfter),
  }
}

export function resolveBackoff(name: string, options: BackoffOptions = {}): Required<Record<keyof BackoffOptions, number>> {
  const given = record(name, options)
  return {
    initial: check.duration(`${name}.initial`, given.initial, { min: 1, max: '60m', default: 500 }),
    factor: check.number<number>(`${name}.factor`, given.factor, { min: 1, max: 100, default: 1.5 }),
    max: check.duration(`${name}.max`, given.max, { min: 1, max: '60m', default: 60_000 }),
    jitter: check.number<number>(`${name}.jitter`, given.jitter, { min: 0, max: 1, default: 0.5 }),
    giveUpAfter: check.duration(`${name}.giveUpAfter`, given.giveUpAfter, { default: 300_000 }),
  }
}

export function resolveCondition(name: string, condition: PeerCondition | undefined, minimumOf: number): Condition {
  const given = record(name, condition)
  return {
    minimumOf: check.integer(`${name}.minimumOf`, given.minimumOf, { min: 0, default: condition === undefined ? minimumOf : 1 }),
    tags: check.list(`${name}.tags`, given.tags, (each, tag) => uniqueId(check.text<string>(each, tag as string))),
    where: callback(`${name}.where`, given.where),
  }
}

type RuleOptions = { readonly require?: (peer: PeerView) => boolean; readonly requireTicket?: Validators }

/** They add up: every rule of the definition and of the call holds. */
function rules(...sources: readonly RuleOptions[]): Rules {
  return {
    require: sources.flatMap(({ require }) => callback('require', require) ?? []),
    tickets: sources.flatMap(({ requireTicket }) => check.list('requireTicket', requireTicket, validator)),
  }
}

function validator(name: string, value: unknown): TicketValidator {
  const candidate = value as Partial<TicketValidator> | null | undefined
  if (typeof candidate === 'object' && candidate !== null && typeof candidate.validate === 'function' && typeof candidate.class === 'string') {
    return candidate as TicketValidator
  }
  throw new MosaikError('ERR_INVALID_OPTION', `${name} is no ticket validator; give jwtValidator(…) or an object with class, signature and validate`)
}

function bufferSize(value: number | undefined): number {
  return check.integer('bufferSize', value, { min: 1, max: MAX_CREDIT_ITEMS, default: 1024 })
}

/** A function, or left out. */
function callback<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new MosaikError('ERR_INVALID_OPTION', `${name} must be a function, not ${value === null ? 'null' : typeof value}`, { value })
}

/** Options are an object, or left out. */
function record<O extends object>(name: string, value: O | undefined): O {
  if (value === undefined) return {} as O
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new MosaikError('ERR_INVALID_OPTION', `${name} must be an object of options, not ${value === null ? 'null' : typeof value}`)
}
