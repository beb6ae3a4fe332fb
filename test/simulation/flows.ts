import { type Act, command } from './act.ts'
import { ask, definition, say, set, split, trigger, widget } from './flow-texts.ts'
import type { Workload } from './workload.ts'

/*
 * What flows are made to do: customers answer, fall silent, or write where nobody waits; addresses answer late, again or
 * never; flows are published anew, ended, deleted and erased while they run; and what they heard is removed. SIDs are taken
 * from the twin, which forgets nothing.
 */

const ours = '+3726000'
const customer = (n: number) => `+3725550000${n}`
const words = ['Ana', 'hours', 'agent', 'order 17', '', 'more'] as const

/** Definitions, small and with all that an execution can come to: questions, loops, requests, subflows, a hand-over, failures. */
function definitions(w: Workload, workspace: string): string {
  const heard = '{{widgets.ask.inbound.Body}}'
  const chat = () =>
    definition([
      trigger('ask'),
      ask('ask', 'Name?', 'route', { timeout: 'bye', deliveryFailure: 'bye' }),
      split(
        'route',
        heard,
        [
          ['equal_to', 'hours', 'ask'],
          ['contains', 'agent', 'agent']
        ],
        'keep'
      ),
      set('keep', 'name', `Dear ${heard}`, 'look'),
      widget(
        'look',
        'make-http-request',
        { success: 'ask', failed: 'bye' },
        {
          method: 'GET',
          content_type: 'text/plain',
          url: `https://acme.example/{{flow.variables.name | url_encode}}`
        }
      ),
      widget(
        'agent',
        'send-to-flex',
        { callComplete: undefined, failedToEnqueue: 'bye', callFailure: 'bye' },
        {
          workflow: w.any('workflow', workspace),
          channel: w.dice.of(['chat', 'default', 'nowhere']),
          attributes: `{"topic":{{widgets.ask.inbound.Body | to_json}}}`
        }
      ),
      say('bye', 'Bye {{flow.variables.name}}.')
    ])
  return w.dice.of([
    chat,
    chat,
    chat,
    () =>
      definition([
        trigger('inner'),
        widget(
          'inner',
          'run-subflow',
          { completed: 'bye', failed: 'bye' },
          {
            flow_sid: w.any('flow'),
            flow_revision: w.dice.of(['LatestPublished', 'LatestRevision', '1']),
            parameters: [{ key: 'a', value: '1', type: 'string' }]
          }
        ),
        say('bye', 'Inside it was {{widgets.inner.name}}.')
      ]),
    () => definition([trigger('loop'), set('loop', 'n', '{{flow.variables.n | plus: 1}}', 'loop')]),
    () =>
      definition([
        trigger('twice'),
        set('twice', 'n', '{% for i in (1..99) %}{{i}}{% endfor %}', 'bye'),
        say('bye', 'Bye.')
      ]),
    () => definition([trigger('gone'), widget('gone', 'no-such-widget', { next: undefined })])
  ])()
}

function startBot(w: Workload): ReturnType<Act> {
  return command({
    type: 'execution.create',
    flow_sid: w.any('flow'),
    to: customer(w.dice.roll(3)),
    from: ours,
    ...(w.dice.chance(30) && { parameters: '{"order":17}' })
  })
}

export const flowActs = {
  addBot: (w, s) =>
    command(
      {
        type: 'flow.create',
        friendly_name: w.dice.of(['Bot', 'Menu']),
        status: w.dice.of(['published', 'published', 'published', 'draft']),
        definition: definitions(w, s)
      },
      w.fresh('P')
    ),
  publishBot: (w, s) =>
    command({
      type: 'flow.update',
      sid: w.any('flow'),
      status: w.dice.of(['published', 'published', 'draft']),
      ...(w.dice.chance(70) && { definition: definitions(w, s) })
    }),
  deleteBot: (w) => command({ type: 'flow.delete', sid: w.any('flow') }),
  testBot: (w) => command({ type: 'test_user.update', sid: w.any('flow'), test_users: [customer(1)] }),
  hearBot: (w) =>
    command({
      type: 'conversation_scoped_webhook.create',
      conversation_sid: w.any('conversation'),
      target: 'studio',
      configuration_flow_sid: w.any('flow'),
      ...(w.dice.chance(20) && { configuration_replay_after: 0 })
    }),
  startBot,
  /** Into a conversation, mostly one in which a flow waits. */
  tellBot: (w) =>
    command({
      type: 'message.create',
      conversation_sid: w.waiting()?.conversation_sid ?? w.any('conversation'),
      author: w.dice.of(['ann', customer(1)]),
      body: w.dice.of(words),
      source: 'SMS',
      webhook_enabled: true
    }),
  /** By the address of the flow, as a number's webhook does. */
  writeToBot: (w) =>
    command({
      type: 'flow.receive',
      flow_sid: w.any('flow'),
      parameters: {
        From: customer(w.dice.roll(3)),
        To: ours,
        Body: w.dice.of(words),
        MessageSid: w.made('channel_message') ?? `SM${'1'.repeat(32)}`,
        ...(w.dice.chance(5) && { CallSid: `CA${'2'.repeat(32)}` })
      }
    }),
  /** What an address says: sometimes to a question that nobody asks any more. */
  answerBot: (w) => {
    const { sid, ticket, widget: name } = w.asking() ?? { sid: w.made('execution'), ticket: 'old', widget: 'look' }
    if (sid === undefined) return startBot(w)
    const told = w.dice.of([
      { status: 200, content_type: 'application/json', body: '{"found":true}', headers: '{}' },
      { status: 500, content_type: 'text/plain', body: 'no', headers: '{}' },
      { failure: 'timeout: nobody answered' }
    ])
    return command({
      type: 'execution.answer',
      execution_sid: sid,
      ticket: w.dice.chance(10) ? 'other' : String(ticket),
      widget: String(name),
      widget_type: 'make-http-request',
      ...told
    })
  },
  endBot: (w) => having(w, (flow_sid, sid) => command({ type: 'execution.update', flow_sid, sid, status: 'ended' })),
  deleteExecution: (w) => having(w, (flow_sid, sid) => command({ type: 'execution.delete', flow_sid, sid })),
  eraseExecution: (w) =>
    having(w, (_flow, sid) => command({ type: 'execution.erase', sid, forgets: w.dice.of(['heard', 'contact']) })),
  removeHeard: (w) => {
    const heard = w.heard()
    return heard ? command({ type: 'message.delete', ...heard }) : startBot(w)
  }
} as const satisfies Record<string, Act>

/** With an execution, whatever has become of it; while there is none, one is started. */
function having(w: Workload, act: (flow_sid: string, sid: string) => ReturnType<Act>): ReturnType<Act> {
  const found = w.execution()
  return found === undefined ? startBot(w) : act(found.flow_sid, found.sid)
}
