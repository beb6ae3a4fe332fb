import type { State } from '@ringdown/engine/center'
import type { Decision } from '@ringdown/engine/decide'
import { type ChannelMessageStatus, isUnsent, wholeKey } from '@ringdown/engine/messaging/rows'

/*
 * What is always true of messages on channels: each that goes out has one fate, and is on a phone once at most.
 */

const underWay: readonly ChannelMessageStatus[] = ['accepted', 'scheduled', 'queued', 'sending']

/** Where each status may lead. */
const next: Readonly<Record<ChannelMessageStatus, readonly ChannelMessageStatus[]>> = {
  accepted: ['queued', 'failed', 'canceled', 'sent', 'delivered', 'undelivered', 'read'],
  scheduled: ['queued', 'failed', 'canceled', 'sent', 'delivered', 'undelivered', 'read'],
  queued: ['sent', 'delivered', 'undelivered', 'failed', 'read'],
  sending: ['sent', 'delivered', 'undelivered', 'failed', 'read'],
  sent: ['delivered', 'undelivered', 'failed', 'read'],
  delivered: ['read'],
  undelivered: [],
  failed: [],
  read: [],
  canceled: [],
  received: []
}

/** Everything that is wrong with the messages of a state, and with what a decision did to them. */
export function messageComplaints(state: State, decision?: Decision): string[] {
  return [
    ...rows(state),
    ...phones(state),
    ...parts(state),
    ...letters(state),
    ...(decision ? [...moves(decision), ...tellings(decision)] : [])
  ]
}

function rows({ tables }: State): string[] {
  return tables.channel_message.all().flatMap((message) => {
    const { sid, status, direction, date_due, date_sent, error_code, giving } = message
    const isOver = !underWay.includes(status)
    const has = (condition: boolean, what: string) => (condition ? [`message ${sid} is ${status} and ${what}`] : [])
    return [
      ...has(isOver === isUnsent(message), 'is in the wrong place'),
      ...has(isOver && date_due !== null, 'waits for something'),
      ...has((direction === 'inbound') !== (status === 'received'), `goes ${direction}`),
      ...has(['sent', 'delivered', 'undelivered', 'read'].includes(status) && date_sent === null, 'was never sent'),
      ...has(giving !== null && giving !== undefined && direction === 'inbound', 'is being given to a network'),
      ...has(error_code !== null && status !== 'failed' && status !== 'undelivered', 'has an error')
    ]
  })
}

/** Parts wait for the others, each once, and for some minutes. */
function parts({ tables, at }: State): string[] {
  const seen = new Set<string>()
  return tables.message_part.all().flatMap((part) => {
    const { sid, number, date_over } = part
    const key = `${wholeKey(part)} ${number}`
    const isTwice = seen.has(key)
    seen.add(key)
    const isLate = date_over === null || date_over < at
    return [...(isTwice ? [`part ${sid} is there twice`] : []), ...(isLate ? [`part ${sid} waits for ever`] : [])]
  })
}

/** Only e-mail has threads, and what no person wrote is in no conversation. */
function letters({ tables }: State): string[] {
  return [
    ...tables.participant.all().flatMap(({ sid, binding_type, email_thread }) => {
      const isFit = !email_thread || (binding_type === 'email' && email_thread.references.length <= 10)
      return isFit ? [] : [`participant ${sid} has a thread that it cannot have`]
    }),
    ...tables.channel_message.all().flatMap(({ sid, told, conversation_sid }) => {
      return told.Automatic && conversation_sid !== null ? [`message ${sid} is automatic and in a conversation`] : []
    })
  ]
}

/** Of phones that nobody has forgotten. */
function phones({ tables }: State): string[] {
  const seen = new Set<string>()
  return tables.phone_message.all().flatMap(({ sid, phone_sid, direction, channel_message_sid, state, date_next }) => {
    const told = (state === 'waiting') === (date_next === null) ? [`phone message ${sid} is ${state} for nothing`] : []
    if (direction === 'written' || channel_message_sid === null) return told
    const place = `${channel_message_sid} ${phone_sid}`
    const isTwice = seen.has(place)
    seen.add(place)
    return isTwice ? [...told, `message ${channel_message_sid} is on a phone twice`] : told
  })
}

function moves({ changes }: Decision): string[] {
  return changes.flatMap(({ kind, before, after }) => {
    if (kind !== 'channel_message' || !before || !after) return []
    const [from, to] = [before, after].map((row) => (row as { status: ChannelMessageStatus }).status) // of that kind
    if (from === undefined || to === undefined || from === to || next[from].includes(to)) return []
    return [`message ${after.sid} went from ${from} to ${to}`]
  })
}

/** No status is told twice at once. */
function tellings({ events }: Decision): string[] {
  const told = events.flatMap(({ type, refs }) => {
    return refs.channel_message && type.startsWith('channel_message.') ? [`${type} of ${refs.channel_message.sid}`] : []
  })
  return told.filter((one, at) => told.indexOf(one) !== at).map((one) => `${one} is told twice`)
}
