import { expressionIn, type Node, type Unit, unitOf, type Vocabulary } from './expression.ts'

/*
 * The catalogue of metrics: what each is, in a sentence and as an expression, from which everything else follows (reference
 * flex 21). docs/metrics.md is made of it.
 */

export type MetricKind = 'sum' | 'mean' | 'ratio' | 'percentile' | 'maximum'

export interface Metric {
  readonly name: string
  readonly definition: string
  readonly kind: MetricKind
  readonly unit: Unit
  /** Of what it is figured out: `segments` of contacts, or `status`, the time of agents in activities. */
  readonly source: 'segments' | 'status'
  readonly node: Node
  /** Whether there are its percentiles, under `NAME_pNN`. */
  readonly has_percentiles: boolean
  /** The expression, as JSON. */
  readonly expression: unknown
}

interface Row {
  readonly is: string
  readonly as: unknown
  readonly kind?: MetricKind
  readonly unit?: Unit
}

const conversation = { kind: 'conversation' }
const queue = { kind: 'queue' }
const count = (where: object) => ({ aggregate: 'count', where })
const of = (aggregate: string, field: string, where: object = {}) => ({ aggregate, field, where })
const ratio = (a: unknown, b: unknown) => ({ ratio: [a, b] })
const metric = (name: string) => ({ metric: name })
const time = (where: object) => ({ aggregate: 'sum', field: 'time', where, source: 'status' })

/** A metric may be made of those above it. */
const rows: Readonly<Record<string, Row>> = {
  // Volume
  conversations: {
    is: 'Contacts that began to wait or to be handled, each counted once, however many agents and queues it met.',
    as: of('distinct', 'conversation', { kind: ['queue', 'conversation'] })
  },
  segments: {
    is: 'Stretches of contacts in the hands of one agent; a contact that is handed on has several.',
    as: count(conversation)
  },
  entered: {
    is: 'How often contacts entered a queue; one that is moved enters each queue that it is moved to.',
    as: count(queue)
  },
  handled: { is: 'How often an agent was connected to a contact.', as: count(conversation) },
  accepted: {
    is: 'How often a contact that waited in a queue was answered by an agent.',
    as: count({ ...conversation, queue_time: { exists: true } })
  },
  accepted_rate: {
    is: 'Of the contacts that entered a queue, the part that was answered there.',
    as: ratio(count({ ...queue, result: 'answered' }), metric('entered'))
  },
  completed: {
    is: 'Stretches with an agent that came to their end.',
    as: count({ ...conversation, result: 'completed' })
  },
  missed: { is: 'Offers that an agent let time out.', as: count({ kind: 'missed' }) },
  rejected: { is: 'Offers that an agent declined.', as: count({ kind: 'rejected' }) },
  transferred: {
    is: 'Stretches that ended, or are being ended, with a transfer to somebody else, or by going while somebody invited goes on.',
    as: count({ ...conversation, transfer: { exists: true } })
  },
  transfer_rate: {
    is: 'Of the stretches with an agent, the part that was handed on.',
    as: ratio(metric('transferred'), metric('handled'))
  },
  moved: {
    is: 'Waits that ended in another queue: the contact was moved there, by its workflow or by hand.',
    as: count({ ...queue, result: 'moved' })
  },
  moved_rate: {
    is: 'Of the contacts that entered a queue, the part that was moved to another one.',
    as: ratio(metric('moved'), metric('entered'))
  },
  led_away: {
    is: 'Waits of calls that ended because the program led the caller elsewhere: to voice mail, to be called back. They are not abandoned, unless the attributes say so.',
    as: count({ ...queue, result: 'led_away' })
  },
  // Abandonment
  abandoned: {
    is: 'Contacts that were given up in a queue before the answer, without those that left within the threshold of short abandons; voice mail is none, and `conversations.abandoned` has the last word.',
    as: count({ is_abandoned: true, is_short: false })
  },
  short_abandoned: {
    is: 'Contacts that were given up within the threshold of short abandons.',
    as: count({ is_abandoned: true, is_short: true })
  },
  abandon_rate: {
    is: 'Of the contacts that entered a queue, the part that was abandoned there, short abandons left out above the line.',
    as: ratio(metric('abandoned'), metric('entered'))
  },
  short_abandon_rate: {
    is: 'Of the contacts that entered a queue, the part that was given up within the threshold of short abandons.',
    as: ratio(metric('short_abandoned'), metric('entered'))
  },
  timed_out: {
    is: 'Waits that ended because the last target of the workflow timed out; they are abandoned, too.',
    as: count({ ...queue, result: 'timed_out' })
  },
  abandoned_conversations: {
    is: 'Contacts that were abandoned, short abandons among them, each counted once.',
    as: of('distinct', 'conversation', { is_abandoned: true })
  },
  conversation_abandon_rate: {
    is: 'Of all contacts, the part that was abandoned, short abandons among them.',
    as: ratio(metric('abandoned_conversations'), metric('conversations'))
  },
  // Waiting
  queue_time: {
    is: 'How long contacts waited in a queue until they were answered or left it, on average.',
    as: of('mean', 'queue_time', queue)
  },
  speed_of_answer: {
    is: 'How long those who were answered had waited in the queue, on average.',
    as: of('mean', 'queue_time', { ...queue, result: 'answered' })
  },
  abandon_time: {
    is: 'How long those who gave up had waited, on average, short abandons among them.',
    as: of('mean', 'queue_time', { is_abandoned: true })
  },
  longest_queue_time: { is: 'The longest wait in a queue that has ended.', as: of('max', 'queue_time', queue) },
  service_level: {
    is: 'Of the contacts that were answered out of a queue, the part that was answered within the threshold of the queue and channel.',
    as: ratio(
      count({ ...conversation, queue_time: { exists: true }, is_within_service_level: true }),
      metric('accepted')
    )
  },
  accepted_within_service_level: {
    is: 'How many were answered out of a queue within its threshold.',
    as: count({ ...conversation, queue_time: { exists: true }, is_within_service_level: true })
  },
  service_level_of_entered: {
    is: 'Of the contacts that entered a queue, the part that was answered there within the threshold.',
    as: ratio(count({ ...queue, result: 'answered', is_within_service_level: true }), metric('entered'))
  },
  // Handling
  ring_time: {
    is: 'From the offer to the answer, on average, of those that were answered.',
    as: of('mean', 'ring_time', conversation)
  },
  talk_time: {
    is: 'From the answer to the end of the talk, on average; holds are in it, wrap-up is not. Of calls to customers it begins with the answer of the customer.',
    as: of('mean', 'talk_time', conversation)
  },
  hold_time: {
    is: 'How long customers were on hold during the talk, on average of the stretches in which they were; `conversations.hold_time` has the last word.',
    as: of('mean', 'hold_time', conversation)
  },
  held: {
    is: 'Stretches with an agent in which the customer was put on hold.',
    as: count({ ...conversation, hold_time: { exists: true } })
  },
  hold_rate: {
    is: 'Of the stretches with an agent, the part in which the customer was put on hold.',
    as: ratio(metric('held'), metric('handled'))
  },
  dial_time: {
    is: 'How long customers who were called were rung, on average, until they answered or the call came to nothing.',
    as: of('mean', 'dial_time', conversation)
  },
  wrap_up_time: {
    is: 'From the end of the talk to the end of the work, on average.',
    as: of('mean', 'wrap_up_time', conversation)
  },
  handling_time: {
    is: 'Talk and wrap-up together, on average of the stretches that are over; with ringing where the contact is outbound.',
    as: of('mean', 'handling_time', conversation)
  },
  total_talk_time: { is: 'All talk together.', as: of('sum', 'talk_time', conversation) },
  total_hold_time: { is: 'All holds together.', as: of('sum', 'hold_time', conversation) },
  total_wrap_up_time: { is: 'All wrap-up together.', as: of('sum', 'wrap_up_time', conversation) },
  total_handling_time: {
    is: 'All handling together, of the stretches that are over, even where they overlap.',
    as: of('sum', 'handling_time', conversation)
  },
  conversation_handling_time: {
    is: 'What a contact took of the agents who handled it, all together, on average.',
    as: ratio(metric('total_handling_time'), of('distinct', 'conversation', conversation))
  },
  experience_time: {
    is: 'What a contact took of its customer, on average: waits in queues and talks, not the wrap-up.',
    as: ratio(of('sum', 'experience_time', { kind: ['queue', 'conversation'] }), metric('conversations'))
  },
  hung_up_by_customer: {
    is: 'Talks that the customer ended by hanging up.',
    as: count({ ...conversation, hang_up_by: 'Customer' })
  },
  hung_up_by_agent: {
    is: 'Talks that the agent ended by hanging up.',
    as: count({ ...conversation, hang_up_by: 'Agent' })
  },
  // Messages
  first_response_time: {
    is: "From the customer's first message to the first one of an agent, on average of the contacts that were replied to.",
    as: of('mean', 'first_response_time', conversation)
  },
  agent_first_response_time: {
    is: 'From the answer to the first message of the agent, on average.',
    as: of('mean', 'agent_first_response_time', conversation)
  },
  responses: {
    is: 'How often agents replied to what a customer had written.',
    as: of('sum', 'responses', conversation)
  },
  response_time: {
    is: 'From the first message that a customer had not been answered to the reply, on average over all replies.',
    as: ratio(of('sum', 'response_time', conversation), metric('responses'))
  },
  // Agents
  activity_time: { is: 'Time of agents in activities, all together; grouped by `activity`, in each.', as: time({}) },
  logged_in_time: {
    is: 'Time of agents in any activity but that of who is offline.',
    as: time({ is_logged_in: true })
  },
  available_time: { is: 'Time of agents in activities that are available.', as: time({ is_available: true }) },
  idle_time: {
    is: 'Time of agents in activities that are available without a contact in hand.',
    as: time({ is_available: true, is_busy: false })
  },
  busy_time: {
    is: 'Time of agents with a contact in hand, wrap-up included; several at once count once.',
    as: time({ is_busy: true })
  },
  occupancy: {
    is: 'Of the time in which agents had a contact in hand or could have got one, the part with one in hand.',
    as: ratio(metric('busy_time'), { sum: [metric('busy_time'), metric('idle_time')] })
  },
  utilisation: {
    is: 'Of the time in which agents were logged in, the part with a contact in hand.',
    as: ratio(metric('busy_time'), metric('logged_in_time'))
  },
  adherence: {
    is: 'Of the time in which agents were logged in, the part in activities that are available.',
    as: ratio(time({ is_logged_in: true, is_available: true }), metric('logged_in_time'))
  }
}

export const metrics: ReadonlyMap<string, Metric> = new Map()

const known = metrics as Map<string, Metric>
/** What the catalogue's own expressions may name: those that stand before them. */
const earlier: Vocabulary = { metric: (name) => known.get(name)?.node, metricNames: [] }
for (const [name, { is, as }] of Object.entries(rows)) {
  const node = expressionIn(as, name, earlier)
  known.set(name, {
    name,
    definition: is,
    kind: kindOf(node),
    unit: unitOf(node),
    source: sourceIn(node),
    node,
    has_percentiles: node.op === 'aggregate' && node.fn === 'mean',
    expression: as
  })
}

function kindOf(node: Node): MetricKind {
  if (node.op !== 'aggregate') return unitOf(node) === 'seconds' ? 'mean' : 'ratio'
  return node.fn === 'mean' ? 'mean' : node.fn === 'max' ? 'maximum' : 'sum'
}

function sourceIn(node: Node): 'segments' | 'status' {
  if (node.op === 'aggregate') return node.source
  return node.op === 'number' ? 'segments' : sourceIn(node.of[0] ?? { op: 'number', value: 0 })
}

/** The metrics of the catalogue, and percentiles of those that are means: `speed_of_answer_p90`, `talk_time_p99.9`. */
export const vocabulary: Vocabulary = {
  metric: (name) => known.get(name)?.node ?? percentileOf(name),
  metricNames: [...known.keys()]
}

function percentileOf(name: string): Node | undefined {
  const [, mean = '', percent = ''] = /^(\w+)_p(\d{1,2}(?:\.\d)?)$/.exec(name) ?? []
  const found = known.get(mean)
  if (found?.node.op !== 'aggregate' || !found.has_percentiles) return undefined
  const permille = Math.round(Number(percent) * 10)
  return permille >= 1 ? { ...found.node, fn: 'percentile', permille } : undefined
}
