import type { State } from '@ringdown/engine/center'
import { typeOf } from '@ringdown/engine/conversations/address'
import { statusCallbackOf } from '@ringdown/engine/numbers/inbound-route'
import type { Draft, LoggedEvent, Parameters, Route } from '../delivery.ts'
import { textOf } from './taskrouter.ts'

/** The statuses that are told. The one in which a message was made is not (reference messaging 16). */
const told: ReadonlySet<string> = new Set(
  ['queued', 'sent', 'delivered', 'undelivered', 'failed', 'read', 'canceled'].map(
    (status) => `channel_message.${status}`
  )
)

/** Status callbacks of messages that go out (reference messaging 2.2). */
export const messageStatus: Route = {
  isUsed: ({ tables }) => tables.messaging_use.size > 0,

  wants: (type) => told.has(type),

  draftsOf(event, { account_sid, state }): readonly Draft[] {
    if (isFirst(event)) return []
    const url = callbackUrlOf(event, state)
    if (url === undefined) return []
    const { seq, sid, type } = event
    return [
      {
        kind: 'status_callback',
        receiver_sid: textOf(event.data.messaging_service_sid) ?? event.resource_sid,
        event: { seq, sid, type },
        message: { method: 'POST', url, parameters: parametersOf(event, account_sid) },
        order_key: event.resource_sid
      }
    ]
  }
}

/** Only what a messaging service has accepted before is queued afterwards. */
function isFirst({ type, data }: LoggedEvent): boolean {
  const isOfService = textOf(data.messaging_service_sid) !== undefined && data.message_sid === undefined
  return type === 'channel_message.queued' && !isOfService
}

/** The message's own address; then that of whoever sends it. */
function callbackUrlOf({ data }: LoggedEvent, state: State): string | undefined {
  const { messaging_service_sid, application_sid, from } = data
  const sent = {
    messaging_service_sid: textOf(messaging_service_sid) ?? null,
    application_sid: textOf(application_sid) ?? null,
    from: textOf(from) ?? null
  }
  return textOf(data.status_callback) ?? statusCallbackOf(state, sent)?.url
}

function parametersOf({ data, at, resource_sid }: LoggedEvent, account_sid: string): Parameters {
  const to = textOf(data.to) ?? ''
  const status = textOf(data.status)
  const channel = typeOf(to)
  const isReported = status === 'delivered' || status === 'undelivered'
  const values: Record<string, string | undefined> = {
    MessageSid: resource_sid,
    SmsSid: resource_sid,
    MessageStatus: status,
    SmsStatus: status,
    To: to,
    From: textOf(data.from),
    AccountSid: account_sid,
    ApiVersion: '2010-04-01',
    MessagingServiceSid: textOf(data.messaging_service_sid),
    ErrorCode: textOf(data.error_code),
    ErrorMessage: textOf(data.error_message),
    ...(channel === 'sms'
      ? { RawDlrDoneDate: isReported ? doneDate(at) : undefined }
      : {
          ChannelPrefix: channel,
          ChannelToAddress: to,
          EventType: status === 'read' ? 'READ' : undefined
        })
  }
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
}

/** `YYMMDDhhmm`, as networks write it. */
function doneDate(at: number): string {
  return new Date(at).toISOString().replaceAll(/\D/g, '').slice(2, 12)
}
