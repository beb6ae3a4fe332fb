import type { State } from '../center.ts'
import { checkLength, checkUrl, cleared, notFound } from '../core/parameters.ts'
import { type CallbackParams, callbacksOf, checkAccountSid, checkApiVersion, noCallbacks } from './callback.ts'
import type { ApplicationRow } from './rows.ts'

export interface ApplicationParams extends CallbackParams {
  readonly account_sid?: string
  readonly api_version?: string
  readonly friendly_name?: string
  readonly sms_status_callback?: string
  readonly message_status_callback?: string
  readonly public_application_connect_enabled?: boolean
}

export function createApplication(state: State, params: ApplicationParams): { application: ApplicationRow } {
  checkAccountSid(state, params)
  checkParams(params)
  const application = state.insert('application', {
    account_sid: state.account_sid,
    ...callbacksOf(params, noCallbacks),
    friendly_name: params.friendly_name || null,
    sms_status_callback: params.sms_status_callback || null,
    message_status_callback: params.message_status_callback || null,
    public_application_connect_enabled: params.public_application_connect_enabled ?? false
  })
  return { application }
}

export function updateApplication(
  state: State,
  params: ApplicationParams & { readonly sid: string }
): { application: ApplicationRow } {
  checkAccountSid(state, params)
  const before = applicationOf(state, params.sid)
  checkParams(params)
  const application = state.change('application', before.sid, {
    ...callbacksOf(params, before),
    friendly_name: cleared(params.friendly_name),
    sms_status_callback: cleared(params.sms_status_callback),
    message_status_callback: cleared(params.message_status_callback),
    public_application_connect_enabled: params.public_application_connect_enabled
  })
  return { application }
}

/** Numbers that had it go on without (reference messaging 7.2). */
export function deleteApplication(
  state: State,
  params: { readonly account_sid?: string; readonly sid: string }
): Record<string, never> {
  checkAccountSid(state, params)
  const { sid } = applicationOf(state, params.sid)
  for (const number of state.tables.incoming_phone_number.list('account_sid', state.account_sid)) {
    const { sms_application_sid, voice_application_sid } = number
    if (sms_application_sid !== sid && voice_application_sid !== sid) continue
    state.change('incoming_phone_number', number.sid, {
      ...(sms_application_sid === sid && { sms_application_sid: null }),
      ...(voice_application_sid === sid && { voice_application_sid: null })
    })
  }
  state.remove('application', sid)
  return {}
}

export function applicationOf(state: State, sid: string): ApplicationRow {
  return state.tables.application.find(sid) ?? notFound(`/Applications/${sid}`)
}

function checkParams(params: ApplicationParams): void {
  checkApiVersion(params.api_version)
  checkLength(params.friendly_name, 'FriendlyName', 64)
  checkUrl(params.sms_status_callback, 'SmsStatusCallback')
  checkUrl(params.message_status_callback, 'MessageStatusCallback')
}
