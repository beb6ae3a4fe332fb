import { notFound } from '@ringdown/engine/core/parameters'
import type { Handlers } from '../handler.ts'
import { type Trouble, troubleOf, troublesOf } from '../ringdown/debugger.ts'

/** Alerts: what the debugger lists, in the words of Monitor (behavior studio 9). */
export const monitorHandlers = {
  async 'monitor_v1.ListAlert'({ params: { log_level, start_date, end_date }, page }, context) {
    const level = log_level?.toLowerCase()
    // There are alerts of two levels; of the others there are none.
    if (level !== undefined && level !== 'error' && level !== 'warning')
      return { items: [], next: null, previous: null }
    const { items, next, previous } = await troublesOf(
      context,
      {
        ...(level !== undefined && { level }),
        ...(start_date !== undefined && { from: start_date }),
        ...(end_date !== undefined && { until: end_date })
      },
      page
    )
    const { account_sid } = context.state
    return { items: items.map((one) => alertOf(account_sid, one)), next, previous }
  },

  async 'monitor_v1.FetchAlert'({ path: { sid } }, context) {
    const digits = sid.slice(2).toLowerCase()
    const found = (await troubleOf(context, `EV${digits}`)) ?? (await troubleOf(context, `DV${digits}`))
    if (!found) return notFound(`/Alerts/${sid}`)
    const none = { request_variables: null, request_headers: null, response_body: null, response_headers: null }
    return { ...alertOf(context.state.account_sid, found), ...none }
  }
} satisfies Handlers

/** An alert has its event's digits, as Event Streams tell it (reference events 4.6). */
function alertOf(account_sid: string, trouble: Trouble) {
  const { sid, date_created, level, error_code, message, resource_sid, details } = trouble
  const { flow_sid, destination } = (details ?? {}) as { readonly flow_sid?: unknown; readonly destination?: unknown } // looked at below
  return {
    sid: `NO${String(sid).slice(2)}`,
    account_sid,
    alert_text: message,
    api_version: null,
    date_created,
    date_generated: date_created,
    date_updated: date_created,
    error_code: error_code === null ? null : String(error_code),
    log_level: level,
    more_info: error_code === null ? null : `https://www.twilio.com/docs/errors/${error_code}`,
    request_method: null,
    request_url: typeof destination === 'string' ? destination : null,
    resource_sid,
    service_sid: typeof flow_sid === 'string' ? flow_sid : null
  }
}
