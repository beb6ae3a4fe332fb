import type { Client } from '@ringdown/client/client'

/*
 * A small library of flows: what a contact center begins with, to be looked at, tried by a dry run and changed. The demo
 * installs all of them.
 */

/** What flows of the library need to know of the center. */
export interface FlowPlaces {
  readonly workflow_sid: string
  /** SID or unique name. */
  readonly task_channel: string
}

type Ways = Readonly<Record<string, string | undefined>>

/** A widget, as a row of a flow's table: its name, its type, where it leads, what it does, and where it is drawn. */
function widget(name: string, type: string, ways: Ways, properties: object, place: readonly [x: number, y: number]) {
  const transitions = Object.entries(ways).map(([event, next]) => ({ event, ...(next !== undefined && { next }) }))
  const [x, y] = place
  return { name, type, transitions, properties: { offset: { x: x * 320, y: y * 240 }, ...properties } }
}

function trigger(next: string) {
  const ways = {
    incomingMessage: next,
    incomingCall: undefined,
    incomingConversationMessage: next,
    incomingRequest: next,
    incomingParent: undefined
  }
  return widget('Trigger', 'trigger', ways, {}, [0, 0])
}

const from = '{{flow.channel.address}}'

function asks(name: string, body: string, ways: Ways, place: readonly [number, number]) {
  return widget(name, 'send-and-wait-for-reply', ways, { from, body, timeout: '3600' }, place)
}

function says(name: string, body: string, next: string | undefined, place: readonly [number, number]) {
  return widget(
    name,
    'send-message',
    { sent: next, failed: undefined },
    { from, to: '{{contact.channel.address}}', body },
    place
  )
}

interface Split {
  readonly input: string
  readonly ways: readonly (readonly [type: string, value: string, next: string])[]
  readonly noMatch: string
}

function splits(name: string, { input, ways, noMatch }: Split, place: readonly [number, number]) {
  const matches = ways.map(([type, value, next]) => ({
    event: 'match',
    next,
    conditions: [{ friendly_name: `${type} ${value}`, arguments: [input], type, value }]
  }))
  const base = widget(name, 'split-based-on', { noMatch }, { input }, place)
  return { ...base, transitions: [...base.transitions, ...matches] }
}

function handsOver(
  name: string,
  { workflow_sid, task_channel }: FlowPlaces,
  attributes: string,
  place: readonly [number, number]
) {
  const ways = { callComplete: undefined, failedToEnqueue: 'sorry', callFailure: 'sorry' }
  const properties = { workflow: workflow_sid, channel: task_channel, priority: '0', timeout: '86400', attributes }
  return widget(name, 'send-to-flex', ways, properties, place)
}

function flow(description: string, states: readonly object[]) {
  return { description, initial_state: 'Trigger', flags: { allow_concurrent_calls: false }, states }
}

/** Asks what it is about and hands over to the right queue. */
function welcome(places: FlowPlaces) {
  const attributes =
    '{"topic":{{flow.variables.topic | to_json}},"customerName":{{widgets.ask_name.inbound.Body | default: "Guest" | to_json}}}'
  const topic = (name: string, value: string, x: number) =>
    widget(name, 'set-variables', { next: 'to_agent' }, { variables: [{ key: 'topic', value, type: 'string' }] }, [
      x,
      4
    ])
  return flow('Greets, asks what it is about, and hands over to the right queue', [
    trigger('ask_name'),
    asks(
      'ask_name',
      'Hello! What is your name?',
      { incomingMessage: 'ask_topic', timeout: 'support', deliveryFailure: undefined },
      [0, 1]
    ),
    asks(
      'ask_topic',
      'Thank you, {{widgets.ask_name.inbound.Body}}. Is it about SUPPORT, SALES or BILLING?',
      { incomingMessage: 'route', timeout: 'support', deliveryFailure: undefined },
      [0, 2]
    ),
    splits(
      'route',
      {
        input: '{{widgets.ask_topic.inbound.Body}}',
        ways: [
          ['contains', 'sale', 'sales'],
          ['regex', '.*(bill|invoice|pay).*', 'billing']
        ],
        noMatch: 'support'
      },
      [0, 3]
    ),
    topic('support', 'support', 0),
    topic('sales', 'sales', 1),
    topic('billing', 'billing', 2),
    handsOver('to_agent', places, attributes, [0, 5]),
    says('sorry', 'We cannot reach anybody right now. Please write again later.', undefined, [0, 6])
  ])
}

/** Hands over while the schedule `Support` is open, and says when it is not. */
function openingHours(places: FlowPlaces) {
  return flow('Hands over during opening hours', [
    trigger('hours'),
    splits(
      'hours',
      { input: '{{schedules.Support.open}}', ways: [['equal_to', 'true', 'to_agent']], noMatch: 'closed' },
      [0, 1]
    ),
    says(
      'closed',
      'We are closed now{% if schedules.Support.label %} ({{schedules.Support.label}}){% endif %}. Please write again during our hours.',
      undefined,
      [1, 2]
    ),
    handsOver('to_agent', places, '{"topic":"support"}', [0, 2]),
    says('sorry', 'We cannot reach anybody right now. Please write again later.', undefined, [0, 3])
  ])
}

/** Takes a number and makes a task of it. */
function callback(places: FlowPlaces) {
  const attributes =
    '{"topic":"support","taskType":"callback","callback_number":{{widgets.ask_number.inbound.Body | strip | to_json}}}'
  return flow('Takes a request for being called back', [
    trigger('ask_number'),
    asks(
      'ask_number',
      'Which number may we call? Please write it with its country code.',
      { incomingMessage: 'check', timeout: undefined, deliveryFailure: undefined },
      [0, 1]
    ),
    splits(
      'check',
      {
        input: '{{widgets.ask_number.inbound.Body | replace: " ", ""}}',
        ways: [['regex', '\\+[0-9]{7,15}', 'confirm']],
        noMatch: 'ask_number'
      },
      [0, 2]
    ),
    says('confirm', 'Thank you: we shall call {{widgets.ask_number.inbound.Body}}.', 'to_agent', [0, 3]),
    handsOver('to_agent', places, attributes, [0, 4]),
    says('sorry', 'We could not note it. Please try again later.', undefined, [0, 5])
  ])
}

/** The library, by name. */
export const flowLibrary = { Welcome: welcome, 'Opening hours': openingHours, 'Callback request': callback } as const

/** Makes the flows of the library that are not there, published, and the schedule that they ask. */
/** Says welcome to who calls, and puts the call through. */
export function phoneFlow(workflow_sid: string) {
  const said = { voice: 'Polly.Joanna', language: 'en-US', loop: 1 }
  const calls = {
    ...Object.fromEntries(
      ['incomingMessage', 'incomingConversationMessage', 'incomingRequest', 'incomingParent'].map((event) => [
        event,
        undefined
      ])
    ),
    incomingCall: 'welcome'
  }
  return flow('Puts callers through to the next colleague who is free.', [
    widget('Trigger', 'trigger', calls, {}, [0, 0]),
    widget(
      'welcome',
      'say-play',
      { audioComplete: 'agent' },
      { ...said, say: 'Welcome to Example. One moment, please: somebody will be with you.' },
      [0, 1]
    ),
    widget(
      'agent',
      'send-to-flex',
      { callComplete: undefined, failedToEnqueue: undefined, callFailure: undefined },
      {
        workflow: workflow_sid,
        channel: 'voice',
        attributes: JSON.stringify({ topic: 'support', language: 'en', customerName: 'Caller' })
      },
      [0, 2]
    )
  ])
}

export async function seedFlows(client: Client, places: FlowPlaces): Promise<void> {
  const { schedules } = await client.call('ringdown_v1.ListSchedule', {})
  if (!schedules.some(({ name }) => name === 'Support')) {
    const weekly = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [['09:00', '18:00']]]))
    const params = { name: 'Support', time_zone: 'Europe/Paris', weekly: JSON.stringify(weekly) }
    await client.call('ringdown_v1.CreateSchedule', { params })
  }
  const { flows } = await client.call('studio_v2.ListFlow', {})
  for (const [friendly_name, made] of Object.entries(flowLibrary)) {
    if (flows.some((one) => one.friendly_name === friendly_name)) continue
    const definition = made(places)
    await client.call('studio_v2.CreateFlow', { params: { friendly_name, status: 'published', definition } })
  }
}
