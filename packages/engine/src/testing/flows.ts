/** The examples of how flows are written: a menu on the phone, a chatbot that hands over, and a look-up over HTTP (reference studio 8). */

const offset = { x: 0, y: 0 }

type Fields = Readonly<Record<string, unknown>>

/** A state of a definition. */
interface WrittenState {
  readonly name: string
  readonly type: string
  readonly transitions: readonly object[]
  readonly properties: object
}

/** A widget: `ways` are its transitions, by event. */
export function widget(
  name: string,
  type: string,
  ways: Readonly<Record<string, string | undefined>>,
  properties: Fields = {}
) {
  const transitions = Object.entries(ways).map(([event, next]) => ({ event, ...(next !== undefined && { next }) }))
  return { name, type, transitions, properties: { offset, ...properties } }
}

/** A split: each way is a condition's type and value, and where it leads. */
export function split(
  name: string,
  input: string,
  ways: readonly (readonly [type: string, value: string, next: string])[],
  noMatch?: string
) {
  return {
    name,
    type: 'split-based-on',
    transitions: [
      { event: 'noMatch', ...(noMatch !== undefined && { next: noMatch }) },
      ...ways.map(([type, value, next]) => ({
        event: 'match',
        next,
        conditions: [{ friendly_name: `${type} ${value}`, arguments: [input], type, value }]
      }))
    ],
    properties: { offset, input }
  }
}

/** A trigger, with where its events lead. */
export function trigger(ways: Readonly<Record<string, string>>) {
  const events = ['incomingMessage', 'incomingCall', 'incomingConversationMessage', 'incomingRequest', 'incomingParent']
  return widget('Trigger', 'trigger', Object.fromEntries(events.map((event) => [event, ways[event]])))
}

/** A trigger that leads to one widget, whatever a flow is begun by but a call. */
export function first(next: string) {
  return trigger({ incomingConversationMessage: next, incomingRequest: next, incomingMessage: next })
}

export function ask(name: string, body: string, next: string | undefined, ways: Readonly<Record<string, string>> = {}) {
  const properties = { from: '{{flow.channel.address}}', body, timeout: '3600' }
  return widget(name, 'send-and-wait-for-reply', { incomingMessage: next, ...ways }, properties)
}

export function say(name: string, body: string, next?: string, failed?: string) {
  return widget(name, 'send-message', { sent: next, failed }, { from: '{{flow.channel.address}}', body })
}

export function set(name: string, variables: Readonly<Record<string, string>>, next?: string) {
  const list = Object.entries(variables).map(([key, value]) => ({ key, value, type: 'string' }))
  return widget(name, 'set-variables', { next }, { variables: list })
}

/** The JSON text of a definition that begins with its first state. */
export function definition(states: readonly WrittenState[], more: Fields = {}): string {
  return JSON.stringify({ description: 'A flow', initial_state: states[0]?.name, states, ...more })
}

/** Greets, asks for a name and a topic, tells the hours, and hands over. */
export function greeter(workflow: string, channel: string): string {
  return definition([
    trigger({ incomingConversationMessage: 'ask_name' }),
    ask('ask_name', 'Hi! What is your name?', 'ask_topic', { timeout: 'to_agent', deliveryFailure: 'to_agent' }),
    ask('ask_topic', 'Thanks {{widgets.ask_name.inbound.Body}}. Reply HOURS, ORDER or AGENT.', 'route', {
      timeout: 'to_agent',
      deliveryFailure: 'to_agent'
    }),
    split(
      'route',
      '{{widgets.ask_topic.inbound.Body}}',
      [
        ['equal_to', 'hours', 'hours'],
        ['matches_any_of', 'order,agent,human', 'to_agent']
      ],
      'ask_topic'
    ),
    say('hours', 'We are open 09:00 to 18:00.', 'ask_topic'),
    widget(
      'to_agent',
      'send-to-flex',
      { callComplete: undefined, failedToEnqueue: 'apology', callFailure: 'apology' },
      {
        workflow,
        channel,
        priority: '0',
        timeout: '86400',
        attributes:
          '{"topic":{{widgets.ask_topic.inbound.Body | downcase | to_json}},"customerName":{{widgets.ask_name.inbound.Body | default: "Guest" | to_json}}}'
      }
    ),
    say('apology', 'We cannot reach an agent right now. Please try later.')
  ])
}

/** Looks an order up, and says what became of it. */
export function orderLookup(url: string): string {
  return definition([
    trigger({ incomingMessage: 'pick_id', incomingRequest: 'pick_id', incomingConversationMessage: 'pick_id' }),
    set(
      'pick_id',
      {
        order_id:
          '{% if trigger.request %}{{flow.data.order_id}}{% else %}{{trigger.conversation.Body | strip | upcase}}{% endif %}'
      },
      'lookup'
    ),
    widget(
      'lookup',
      'make-http-request',
      { success: 'check', failed: 'problem' },
      {
        method: 'GET',
        url: `${url}/{{flow.variables.order_id | url_encode}}`,
        content_type: 'application/x-www-form-urlencoded;charset=utf-8',
        parameters: [{ key: 'contact', value: '{{contact.channel.address}}' }],
        add_twilio_auth: false
      }
    ),
    {
      ...split(
        'check',
        '{{widgets.lookup.parsed.state}}',
        [
          ['is_blank', 'Is Blank', 'not_found'],
          ['greater_than', '0', 'late']
        ],
        'status'
      ),
      transitions: [
        { event: 'noMatch', next: 'status' },
        {
          event: 'match',
          next: 'not_found',
          conditions: [
            {
              friendly_name: 'no state',
              arguments: ['{{widgets.lookup.parsed.state}}'],
              type: 'is_blank',
              value: 'Is Blank'
            }
          ]
        },
        {
          event: 'match',
          next: 'late',
          conditions: [
            {
              friendly_name: 'late',
              arguments: ['{{widgets.lookup.parsed.days_late | plus: 0}}'],
              type: 'greater_than',
              value: '0'
            }
          ]
        }
      ]
    },
    say('status', 'Order {{flow.variables.order_id}} is {{widgets.lookup.parsed.state}}.'),
    say('late', 'Order {{flow.variables.order_id}} is {{widgets.lookup.parsed.days_late}} day(s) late. We are sorry.'),
    say('not_found', 'No such order.'),
    say('problem', 'The lookup failed ({{widgets.lookup.status_code}}). Try again.')
  ])
}

/** A menu on the phone, with a voicemail box behind it. */
export function phoneMenu(workflow: string, channel: string): string {
  const voice = { voice: 'Polly.Joanna', language: 'en-US', loop: 1 }
  return definition(
    [
      trigger({ incomingCall: 'menu', incomingRequest: 'menu' }),
      widget(
        'menu',
        'gather-input-on-call',
        { keypress: 'route_digit', speech: 'route_speech', timeout: 'sorry' },
        {
          ...voice,
          say: 'For sales press 1, for support press 2.',
          timeout: 5,
          finish_on_key: '#',
          number_of_digits: 1
        }
      ),
      split(
        'route_digit',
        '{{widgets.menu.Digits}}',
        [
          ['equal_to', '1', 'set_sales'],
          ['equal_to', '2', 'set_support']
        ],
        'sorry'
      ),
      split(
        'route_speech',
        '{{widgets.menu.SpeechResult}}',
        [
          ['contains', 'sales', 'set_sales'],
          ['regex', '.*(support|help).*', 'set_support']
        ],
        'sorry'
      ),
      set('set_sales', { dept: 'sales', prio: '5' }, 'to_agent'),
      set('set_support', { dept: 'support', prio: '1' }, 'to_agent'),
      widget('sorry', 'say-play', { audioComplete: 'menu' }, { ...voice, say: 'Sorry, I did not get that.' }),
      widget(
        'to_agent',
        'send-to-flex',
        { callComplete: undefined, failedToEnqueue: 'voicemail', callFailure: 'voicemail' },
        {
          workflow,
          channel,
          priority: '{{flow.variables.prio}}',
          timeout: '1800',
          attributes: '{"type":"inbound","dept":"{{flow.variables.dept}}"}'
        }
      ),
      widget(
        'voicemail',
        'record-voicemail',
        { recordingComplete: 'bye', noAudio: undefined, hangup: undefined },
        { timeout: 5, max_length: 120 }
      ),
      widget('bye', 'say-play', { audioComplete: undefined }, { ...voice, say: 'Thank you. Goodbye.' })
    ],
    { flags: { allow_concurrent_calls: true } }
  )
}
