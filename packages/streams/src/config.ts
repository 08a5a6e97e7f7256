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
  const section = check.options('producer', defaults.producer)
  const call = check.options('options', options)
  const chosen = layered<ProducerOptions<unknown>>({ onlineWhen: defaults.onlineWhen }, section, call)
  return {
    rules: rules(defaults, section, call),
    onlineWhen: resolveCondition('onlineWhen', chosen.onlineWhen, 1),
    bufferSize: bufferSize(chosen.bufferSize),
    maxConsumers: check.integer('maxConsumers', chosen.maxConsumers, { min: 1, default: Number.MAX_SAFE_INTEGER }),
    lagging: check.oneOf('lagging', chosen.lagging, ['disconnect', 'drop', 'wait'] as const, { default: 'disconnect' }),
    undelivered: check.callback('undelivered', chosen.undelivered),
  }
}

export function consumerSettings(
  defaults: StreamDefaults<unknown>,
  options: ConsumerOptions<unknown>,
  fallback: BackoffOptions,
): ConsumerSettings {
  const section = check.options('consumer', defaults.consumer)
  const call = check.options('options', options)
  const chosen = layered<ConsumerOptions<unknown>>({ onlineWhen: defaults.onlineWhen, backoff: fallback }, section, call)
  const backoffOptions = resolveBackoff('backoff', chosen.backoff)
  return {
    rules: rules(defaults, section, call),
    onlineWhen: resolveCondition('onlineWhen', chosen.onlineWhen, 0),
    bufferSize: bufferSize(chosen.bufferSize),
    where: resolveWhere(chosen.where),
    includeLocal: check.boolean('includeLocal', chosen.includeLocal, { default: false }),
    retry: (prng) => new Retry(() => backoff(backoffOptions, prng), backoffOptions.giveUpAfter),
  }
}

export function resolveBackoff(name: string, options: BackoffOptions = {}): Required<Record<keyof BackoffOptions, number>> {
  const given = check.options(name, options)
  return {
    initial: check.duration(`${name}.initial`, given.initial, { min: 1, max: '60m', default: 500 }),
    factor: check.number<number>(`${name}.factor`, given.factor, { min: 1, max: 100, default: 1.5 }),
    max: check.duration(`${name}.max`, given.max, { min: 1, max: '60m', default: 60_000 }),
    jitter: check.number<number>(`${name}.jitter`, given.jitter, { min: 0, max: 1, default: 0.5 }),
    giveUpAfter: check.duration(`${name}.giveUpAfter`, given.giveUpAfter, { default: 300_000 }),
  }
}

export function resolveCondition(name: string, condition: PeerCondition | undefined, minimumOf: number): Condition {
  const given = check.options(name, condition)
  return {
    minimumOf: check.integer(`${name}.minimumOf`, given.minimumOf, { min: 0, default: condition === undefined ? minimumOf : 1 }),
    tags: check.list(`${name}.tags`, given.tags, (each, tag) => uniqueId(check.text<string>(each, tag as string))),
    where: check.callback(`${name}.where`, given.where),
  }
}

/** Of every option the last one that was given. */
function layered<O extends object>(...layers: readonly Loose<O>[]): O {
  const given = layers.flatMap((layer) => Object.entries(layer).filter(([, value]) => value !== undefined))
  return Object.fromEntries(given) as O
}
type Loose<O> = { readonly [K in keyof O]?: O[K] | undefined }

type RuleOptions = { readonly require?: (peer: PeerView) => boolean; readonly requireTicket?: Validators }

/** They add up: every rule of the definition and of the call holds. */
function rules(...sources: readonly RuleOptions[]): Rules {
  return {
    require: sources.flatMap(({ require }) => check.callback('require', require) ?? []),
    tickets: sources.flatMap(({ requireTicket }) => check.list('requireTicket', requireTicket, validator)),
  }
}

function validator(name: string, value: unknown): TicketValidator {
  const candidate = value as Partial<TicketValidator> | null | undefined
  if (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.validate === 'function' &&
    typeof candidate.class === 'string'
  ) {
    return candidate as TicketValidator
  }
  throw new MosaikError(
    'ERR_INVALID_OPTION',
    `${name} is no ticket validator; give jwtValidator(…) or an object with class, signature and validate`,
  )
}

function bufferSize(value: number | undefined): number {
  return check.integer('bufferSize', value, { min: 1, max: MAX_CREDIT_ITEMS, default: 1024 })
}
