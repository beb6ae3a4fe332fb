import type { PageRequest } from '@ringdown/contract/form'
import type { ApiV2010IncomingPhoneNumberRow } from '@ringdown/contract/generated/api-v2010'
import { refuse } from '@ringdown/engine/core/refusals'
import { checkAccountSid } from '@ringdown/engine/numbers/callback'
import { serviceSidIn } from '@ringdown/engine/numbers/pool'
import { type IncomingPhoneNumberRow, poolKey } from '@ringdown/engine/numbers/rows'
import type { Context, Handlers, Listed } from '../handler.ts'
import { mappedPage, pageOf } from '../listing.ts'
import { representNumber, representPooled } from './representation.ts'

/** Operations on numbers that do not follow the general rules (reference messaging 3 and 7). */
export const numberHandlers = {
  'api_v2010.ListIncomingPhoneNumber': (call, context) =>
    numbers(call, context, 'account_sid', context.state.account_sid),
  'api_v2010.ListIncomingPhoneNumberLocal': (call, context) => numbers(call, context, 'number_type', 'local'),
  'api_v2010.ListIncomingPhoneNumberMobile': (call, context) => numbers(call, context, 'number_type', 'mobile'),
  'api_v2010.ListIncomingPhoneNumberTollFree': (call, context) => numbers(call, context, 'number_type', 'toll-free'),

  // A number could be given to another account, if there were one.
  'api_v2010.UpdateIncomingPhoneNumber'({ path, params: { account_sid, ...params } }, { state, answer }) {
    if (account_sid !== undefined && account_sid !== state.account_sid)
      refuse('invalid', `Value '${account_sid}' provided for AccountSid is no account here`)
    const command = { type: 'incoming_phone_number.update', ...params, ...path } as const
    return answer(command, ({ incoming_phone_number }) => representNumber(incoming_phone_number))
  },

  'messaging_v1.ListDestinationAlphaSender'({ path, params: { iso_country_code }, page }, { state }) {
    const group = {
      table: state.tables.pooled_sender,
      index: 'pool',
      key: poolKey(serviceSidIn(state, path), 'destination_alpha_sender')
    }
    const wanted = iso_country_code?.toUpperCase()
    const keep =
      wanted === undefined ? undefined : (row: { readonly country_code: string | null }) => row.country_code === wanted
    return mappedPage(pageOf(group, page, { keep }), representPooled)
  }
} satisfies Handlers

interface NumberCall {
  readonly path: { readonly account_sid: string }
  readonly params: {
    readonly beta?: boolean
    readonly friendly_name?: string
    /** Digits of it, with `*` for any. */
    readonly phone_number?: string
    readonly origin?: string
  }
  readonly page: PageRequest | null
}

function numbers(
  { path, params, page }: NumberCall,
  { state }: Context,
  index: 'account_sid' | 'number_type',
  key: string
): Listed<ApiV2010IncomingPhoneNumberRow> {
  checkAccountSid(state, path)
  const { beta, friendly_name, phone_number, origin } = params
  const isNone = beta === true || (origin !== undefined && origin !== 'twilio')
  const pattern = phone_number === undefined ? undefined : patternOf(phone_number)
  const keep = (row: IncomingPhoneNumberRow) =>
    !isNone &&
    (friendly_name === undefined || row.friendly_name === friendly_name) &&
    (pattern === undefined || pattern.test(row.phone_number))
  return mappedPage(pageOf({ table: state.tables.incoming_phone_number, index, key }, page, { keep }), representNumber)
}

/** Part of a number; a blank in front is a plus that nobody encoded. What is no number is part of none. */
function patternOf(text: string): RegExp {
  const digits = text.replace(/^ (?=\d)/, '+').replaceAll(/[\s().-]/g, '')
  return /^\+?[\d*]+$/.test(digits) ? new RegExp(digits.replace('+', '^\\+').replaceAll('*', '\\d')) : /^$/
}
