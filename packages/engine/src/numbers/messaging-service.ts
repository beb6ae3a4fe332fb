import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, checkRange, checkUrl, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type CallbackMethod, type ContentScan, type MessagingServiceRow, serviceUsecases } from './rows.ts'

export interface MessagingServiceParams {
  readonly friendly_name?: string
  /** "" clears it, as it does the other addresses. */
  readonly inbound_request_url?: string
  readonly inbound_method?: CallbackMethod
  readonly fallback_url?: string
  readonly fallback_method?: CallbackMethod
  readonly status_callback?: string
  readonly sticky_sender?: boolean
  readonly mms_converter?: boolean
  readonly smart_encoding?: boolean
  readonly scan_message_content?: ContentScan
  readonly fallback_to_long_code?: boolean
  readonly area_code_geomatch?: boolean
  readonly synchronous_validation?: boolean
  /** Seconds. */
  readonly validity_period?: number
  readonly usecase?: string
  readonly use_inbound_webhook_on_number?: boolean
}

const maxValidity = 36_000

/** Makes a service whose pool is empty (reference messaging 3.1). */
export function createMessagingService(
  state: State,
  params: MessagingServiceParams & { readonly friendly_name: string }
): { messaging_service: MessagingServiceRow } {
  checkParams(params)
  const messaging_service = state.insert('messaging_service', {
    account_sid: state.account_sid,
    friendly_name: params.friendly_name,
    inbound_request_url: params.inbound_request_url || null,
    inbound_method: params.inbound_method ?? 'POST',
    fallback_url: params.fallback_url || null,
    fallback_method: params.fallback_method ?? 'POST',
    status_callback: params.status_callback || null,
    sticky_sender: params.sticky_sender ?? true,
    mms_converter: params.mms_converter ?? true,
    smart_encoding: params.smart_encoding ?? true,
    scan_message_content: params.scan_message_content ?? 'inherit',
    fallback_to_long_code: params.fallback_to_long_code ?? true,
    area_code_geomatch: params.area_code_geomatch ?? true,
    synchronous_validation: params.synchronous_validation ?? false,
    validity_period: params.validity_period ?? maxValidity,
    usecase: params.usecase ? oneOf(serviceUsecases, params.usecase, 'Usecase') : 'undeclared',
    use_inbound_webhook_on_number: params.use_inbound_webhook_on_number ?? false
  })
  return { messaging_service }
}

export function updateMessagingService(
  state: State,
  params: MessagingServiceParams & { readonly sid: string }
): { messaging_service: MessagingServiceRow } {
  const before = messagingServiceOf(state, params.sid)
  checkParams(params)
  const { sid: _, ...columns } = params
  const messaging_service = state.change('messaging_service', before.sid, {
    ...columns,
    inbound_request_url: cleared(params.inbound_request_url),
    fallback_url: cleared(params.fallback_url),
    status_callback: cleared(params.status_callback),
    usecase: params.usecase === undefined ? undefined : oneOf(serviceUsecases, params.usecase, 'Usecase')
  })
  return { messaging_service }
}

/** Its numbers stay the account's; its names go with it. */
export function deleteMessagingService(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  messagingServiceOf(state, sid)
  for (const pooled of state.tables.pooled_sender.list('messaging_service_sid', sid))
    state.remove('pooled_sender', pooled.sid)
  state.remove('messaging_service', sid)
  return {}
}

export function messagingServiceOf(state: State, sid: string): MessagingServiceRow {
  return state.tables.messaging_service.find(sid) ?? notFound(`/Services/${sid}`)
}

function checkParams(params: MessagingServiceParams): void {
  if (params.friendly_name?.trim() === '') refuse('invalid', 'FriendlyName of a Service must not be empty')
  checkLength(params.friendly_name, 'FriendlyName', 64)
  checkUrl(params.inbound_request_url, 'InboundRequestUrl')
  checkUrl(params.fallback_url, 'FallbackUrl')
  checkUrl(params.status_callback, 'StatusCallback')
  checkRange(params.validity_period, 'ValidityPeriod', 1, maxValidity)
}
