import { InvalidRequest } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import type { SealedSecrets } from '@ringdown/engine/messaging/carrier'
import { carrierOf } from '@ringdown/engine/messaging/lookup'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'
import type { Sealing } from '../../access/sealing.ts'
import { carriers, openedSecrets, secretsOf } from '../../carriers/carry.ts'
import { webhookPathOf } from '../../carriers/webhook-path.ts'
import { type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'
import { carrierGroundOf } from './carrier-ground.ts'

/** Connections to networks that carry messages. Their secrets are written, and shown by no answer. */
export const carrierNouns: Readonly<Record<string, Noun>> = {
  carrier: noun({
    kind: 'carrier',
    find: ({ state }, { sid }: One) => carrierOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
    represent: representCarrier
  })
}

export const carrierHandlers = {
  'ringdown_v1.CreateCarrier'({ params: { type: carrier_type, secrets, ...others } }, context) {
    const { state, answer } = context
    checkConfiguration(others.configuration)
    const sealed = secrets === undefined ? undefined : sealedSecrets(context, secretsIn(secrets))
    return answer(
      { type: 'carrier.create', carrier_type, ...others, ...(sealed && { secrets: sealed }) },
      ({ carrier }) => representCarrier(state, carrier)
    )
  },

  'ringdown_v1.UpdateCarrier'({ path: { sid }, params: { secrets, ...others } }, context) {
    const { state, answer, ledger } = context
    checkConfiguration(others.configuration)
    const carrier = carrierOf(state, sid)
    const sealed =
      secrets === undefined
        ? undefined
        : sealedSecrets(context, {
            ...openedSecrets(sealingOf(context), ledger.account_sid, carrier),
            ...secretsIn(secrets)
          })
    return answer({ type: 'carrier.update', sid, ...others, ...(sealed && { secrets: sealed }) }, (result) =>
      representCarrier(state, result.carrier)
    )
  },

  async 'ringdown_v1.CreateCarrierTest'({ path: { carrier_sid } }, context) {
    const { state, ledger } = context
    const carrier = carrierOf(state, carrier_sid)
    const error = await tested(context, carrier).catch((thrown: unknown) => {
      return thrown instanceof Error ? thrown.message : String(thrown)
    })
    const noted = await ledger.execute({
      type: 'carrier.note_test',
      sid: carrier_sid,
      error: error?.slice(0, 300) ?? null
    })
    return representCarrier(state, noted.carrier)
  }
} satisfies Handlers

/** Milliseconds in which a network has to answer a test. */
const test_ms = 10_000

function tested(context: Context, carrier: CarrierRow): Promise<string | null> {
  const secrets = openedSecrets(sealingOf(context), context.ledger.account_sid, carrier)
  const signal = AbortSignal.timeout(test_ms)
  return carriers[carrier.carrier_type].test({ ...carrierGroundOf(context), carrier, secrets, signal })
}

function representCarrier(state: State, row: CarrierRow) {
  const { sealed_secrets: _, cursor: __, carrier_type: type, configuration, last_error_at, ...shown } = row
  return {
    ...shown,
    type,
    configuration: JSON.parse(configuration) as unknown,
    date_last_error: last_error_at,
    webhook_path: carriers[type].webhook ? webhookPathOf(row.sid) : null,
    queued: state.tables.channel_message.count('unsent', row.sid)
  }
}

function checkConfiguration(text: string | undefined): void {
  if (text !== undefined && !isJsonObject(parsed(text)))
    throw new InvalidRequest('Parameter Configuration is invalid: it must be JSON of an object', 'Configuration')
}

const maxSecret = 8192

/** Secrets by their names; null where one is taken away. */
function secretsIn(text: string): Readonly<Record<string, string | null>> {
  const value = parsed(text)
  const isFit = (one: unknown) => one === null || (typeof one === 'string' && one !== '' && one.length <= maxSecret)
  if (
    isJsonObject(value) &&
    Object.entries(value).every(([name, one]) => /^[a-z][a-z0-9_]{0,63}$/.test(name) && isFit(one))
  )
    return value as Readonly<Record<string, string | null>> // each was just looked at
  throw new InvalidRequest(
    'Parameter Secrets is invalid: it must be JSON of an object of names as access_token and their texts',
    'Secrets'
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sealedSecrets(context: Context, secrets: Readonly<Record<string, string | null>>): SealedSecrets {
  const kept = Object.entries(secrets).filter(([, secret]) => secret !== null)
  if (kept.length === 0) return { names: [], sealed: null }
  const text = JSON.stringify(Object.fromEntries(kept))
  const sealed = sealingOf(context).seal(text, secretsOf(context.ledger.account_sid))
  return { names: kept.map(([name]) => name).sort(), sealed }
}

function sealingOf({ admission }: Context): Sealing {
  if (!admission) throw new Error('invariant: a server with accounts can seal')
  return admission.sealing
}
