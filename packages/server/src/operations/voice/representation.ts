import type { State } from '@ringdown/engine/center'
import { apiVersion } from '@ringdown/engine/numbers/callback'
import { averageWait_s, queueFigures } from '@ringdown/engine/voice/queue'
import {
  type CallRow,
  type ConferenceParticipantRow,
  type ConferenceRow,
  isLiving,
  type QueueMemberRow,
  type QueueRow,
  type RecordingRow
} from '@ringdown/engine/voice/rows'

/* Calls and what belongs to them, as the API of 2010 shows them (reference voice 1, 5, 7 and 8). Nothing has a price. */

const free = { price: null, price_unit: null, api_version: apiVersion } as const

function path(account_sid: string, rest: string): string {
  return `/${apiVersion}/Accounts/${account_sid}/${rest}`
}

const belowCall = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_messages: 'UserDefinedMessages',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions'
} as const

export function representCall(row: CallRow) {
  const { account_sid, sid, start_time, end_time, from, to } = row
  const uri = path(account_sid, `Calls/${sid}`)
  return {
    ...row,
    ...free,
    to_formatted: formatted(to),
    from_formatted: formatted(from),
    duration: end_time === null ? null : String(Math.round((end_time - (start_time ?? end_time)) / 1000)),
    answered_by: null,
    group_sid: null,
    trunk_sid: null,
    queue_time: '0',
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(Object.entries(belowCall).map(([name, part]) => [name, `${uri}/${part}.json`]))
  }
}

/** How a number is shown: `(415) 555-0100` below +1. */
function formatted(address: string): string {
  return address.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
}

export function representConference(row: ConferenceRow) {
  const uri = path(row.account_sid, `Conferences/${row.sid}`)
  return {
    ...row,
    api_version: apiVersion,
    region: 'us1',
    uri: `${uri}.json`,
    subresource_uris: { participants: `${uri}/Participants.json`, recordings: `${uri}/Recordings.json` }
  }
}

export function representConferenceParticipant(row: ConferenceParticipantRow) {
  const { account_sid, conference_sid, call_sid } = row
  return {
    ...row,
    queue_time: null,
    uri: path(account_sid, `Conferences/${conference_sid}/Participants/${call_sid}.json`)
  }
}

export function representQueue(state: State, row: QueueRow) {
  return {
    ...row,
    current_size: state.tables.queue_member.count('queue_sid', row.sid),
    average_wait_time: averageWait_s(row),
    uri: path(row.account_sid, `Queues/${row.sid}.json`)
  }
}

export function representMember(state: State, row: QueueMemberRow, now: number) {
  const { account_sid, queue_sid, call_sid, date_created } = row
  return {
    call_sid,
    queue_sid,
    date_enqueued: date_created,
    position: queueFigures(state, state.find('queue_member', row.sid))?.position ?? 0,
    wait_time: Math.round((now - date_created) / 1000),
    uri: path(account_sid, `Queues/${queue_sid}/Members/${call_sid}.json`)
  }
}

export function representRecording(row: RecordingRow, public_url = '') {
  const { account_sid, sid, duration_ms } = row
  const own = path(account_sid, `Recordings/${sid}`)
  return {
    ...row,
    ...free,
    duration: duration_ms === null ? null : String(Math.round(duration_ms / 1000)),
    error_code: null,
    encryption_details: null,
    track: 'both',
    media_url: `${public_url}${own}`,
    uri: `${own}.json`,
    subresource_uris: {
      transcriptions: `${own}/Transcriptions.json`,
      add_on_results: `${own}/AddOnResults.json`
    }
  }
}

/** A call as the virtual phone sees it. */
export function representPhoneCall(state: State, row: CallRow) {
  const { phone_sid, direction, leg } = row
  const listens = isLiving(row) ? leg?.listens : null
  const asked = !listens
    ? null
    : listens.speech
      ? listens.digits
        ? 'digits-or-speech'
        : 'speech'
      : listens.digits
        ? 'digits'
        : null
  return {
    ...row,
    phone_sid: phone_sid ?? '',
    direction: direction === 'inbound' ? 'out' : 'in',
    asked,
    with: (leg?.hears ?? []).flatMap((sid) => {
      const other = state.find('call', sid)
      return other ? [other.direction === 'inbound' ? other.from : other.to] : []
    })
  }
}
