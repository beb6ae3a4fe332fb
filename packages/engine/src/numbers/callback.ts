import type { State } from '../center.ts'
import { checkUrl, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { CallbackColumns, CallbackMethod } from './rows.ts'

/** Parameters of a number's, or an application's, URLs; "" clears one. */
export type CallbackParams = {
  readonly [C in keyof CallbackColumns]?: CallbackColumns[C] extends boolean
    ? boolean
    : CallbackColumns[C] extends CallbackMethod
      ? CallbackMethod
      : string
}

const urls = {
  sms_url: 'SmsUrl',
  sms_fallback_url: 'SmsFallbackUrl',
  voice_url: 'VoiceUrl',
  voice_fallback_url: 'VoiceFallbackUrl',
  status_callback: 'StatusCallback'
} as const

/** Nobody is asked, and if somebody were, by POST. */
export const noCallbacks: CallbackColumns = {
  sms_url: null,
  sms_method: 'POST',
  sms_fallback_url: null,
  sms_fallback_method: 'POST',
  voice_url: null,
  voice_method: 'POST',
  voice_fallback_url: null,
  voice_fallback_method: 'POST',
  voice_caller_id_lookup: false,
  status_callback: null,
  status_callback_method: 'POST'
}

/** The columns as they are with these parameters. Refuses what is no URL. */
export function callbacksOf(params: CallbackParams, before: CallbackColumns): CallbackColumns {
  const url = (name: keyof typeof urls): string | null => {
    checkUrl(params[name], urls[name])
    const given = cleared(params[name])
    return given === undefined ? before[name] : given
  }
  return {
    sms_url: url('sms_url'),
    sms_method: params.sms_method ?? before.sms_method,
    sms_fallback_url: url('sms_fallback_url'),
    sms_fallback_method: params.sms_fallback_method ?? before.sms_fallback_method,
    voice_url: url('voice_url'),
    voice_method: params.voice_method ?? before.voice_method,
    voice_fallback_url: url('voice_fallback_url'),
    voice_fallback_method: params.voice_fallback_method ?? before.voice_fallback_method,
    voice_caller_id_lookup: params.voice_caller_id_lookup ?? before.voice_caller_id_lookup,
    status_callback: url('status_callback'),
    status_callback_method: params.status_callback_method ?? before.status_callback_method
  }
}

/** The API of 2010 names the account in every path; another's has nothing here. */
export function checkAccountSid(state: State, { account_sid }: { readonly account_sid?: string }): void {
  if (account_sid !== undefined && account_sid !== state.account_sid) notFound(`/Accounts/${account_sid}`)
}

/** There is one version of the API. */
export function checkApiVersion(version: string | undefined): void {
  if (version && version !== apiVersion)
    refuse('invalid', `Value '${version}' provided for ApiVersion is not ${apiVersion}`)
}

export const apiVersion = '2010-04-01'
