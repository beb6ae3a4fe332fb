/* Definitions of flows, as short as they can be said. */

/** A widget: `ways` are its transitions, by event. */
export function widget(
  name: string,
  type: string,
  ways: Readonly<Record<string, string | undefined>>,
  properties: object = {}
) {
  return { name, type, transitions: Object.entries(ways).map(([event, next]) => ({ event, next })), properties }
}

/** Leads wherever it begins from to one widget. */
export function trigger(next: string) {
  const events = ['incomingMessage', 'incomingConversationMessage', 'incomingRequest', 'incomingParent']
  return widget('Trigger', 'trigger', Object.fromEntries(events.map((event) => [event, next])))
}

/** Each way is a condition's type and value, and where it leads. */
export function split(
  name: string,
  input: string,
  ways: readonly (readonly [type: string, value: string, next: string])[],
  noMatch: string
) {
  const matches = ways.map(([type, value, next]) => ({
    event: 'match',
    next,
    conditions: [{ friendly_name: value, arguments: [input], type, value }]
  }))
  const transitions = [{ event: 'noMatch', next: noMatch }, ...matches]
  return { name, type: 'split-based-on', transitions, properties: { input } }
}

export function ask(name: string, body: string, next: string, ways: Readonly<Record<string, string>> = {}) {
  return widget(
    name,
    'send-and-wait-for-reply',
    { incomingMessage: next, ...ways },
    { from: '{{flow.channel.address}}', body, timeout: '3600' }
  )
}

export function say(name: string, body: string) {
  return widget(name, 'send-message', {}, { from: '{{flow.channel.address}}', to: '{{contact.channel.address}}', body })
}

export function set(name: string, key: string, value: string, next: string) {
  return widget(name, 'set-variables', { next }, { variables: [{ key, value, type: 'string' }] })
}

/** The JSON text of a flow that begins with its first widget. */
export function definition(states: readonly { readonly name: string }[]): string {
  return JSON.stringify({ description: 'A flow', initial_state: states[0]?.name, states })
}
