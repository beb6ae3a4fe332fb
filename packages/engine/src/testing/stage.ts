import { centerTools } from '../../../server/src/rendering/tools.ts'
import type { CommandOf } from '../commands.ts'
import type { Json } from '../core/json.ts'
import { render } from '../events.ts'
import { fieldsOfContext, withChanges } from '../studio/context.ts'
import type { ExecutionRow, ExecutionStepRow } from '../studio/rows.ts'
import { definition } from './flows.ts'
import { World } from './world.ts'

const customer = '+37255500001'
const ours = '+3726000'

/** A floor with flows on it: a customer who writes by SMS, and an address that answers over HTTP. */
export class Stage extends World {
  constructor(seed = 1) {
    super({ seed, tools: centerTools })
    this.addQueue('Everyone')
    this.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    this.do({ type: 'flex.setup', workspace_sid: this.workspace_sid })
    this.do({ type: 'phone.create', address: customer })
  }

  /** A published flow; its SID. */
  flow(definition: string, friendly_name = 'Flow'): string {
    return this.do({ type: 'flow.create', friendly_name, status: 'published', definition }).flow.sid
  }

  /** A customer's conversation that flows listen to. */
  conversation(...flows: readonly string[]): string {
    const { sid } = this.do({ type: 'conversation.create', attributes: '{"channel_type":"sms"}' }).conversation
    this.do({
      type: 'participant.create',
      conversation_sid: sid,
      messaging_binding_address: customer,
      messaging_binding_proxy_address: ours
    })
    for (const configuration_flow_sid of flows)
      this.do({
        type: 'conversation_scoped_webhook.create',
        conversation_sid: sid,
        target: 'studio',
        configuration_flow_sid
      })
    return sid
  }

  /** The customer writes. */
  write(conversation_sid: string, body: string, author = customer): void {
    this.do({ type: 'message.create', conversation_sid, body, author, source: 'SMS' })
  }

  /** What was said in a conversation, in its order; the customer's words after `> `. */
  said(conversation_sid: string): string[] {
    return [...this.state.tables.message.by('conversation_sid', conversation_sid)].map(({ author, body }) =>
      author === customer ? `> ${body}` : String(body)
    )
  }

  /** The latest execution. */
  get execution(): ExecutionRow {
    const row = this.state.tables.execution.all().at(-1)
    if (!row) throw new Error('nothing was started')
    return row
  }

  /** Starts a flow over REST. */
  start(flow_sid: string, params: Partial<CommandOf<'execution.create'>> = {}): ExecutionRow {
    return this.do({ type: 'execution.create', flow_sid, to: customer, from: ours, ...params }).execution
  }

  /** The steps of the latest execution as `from event to`. */
  get steps(): string[] {
    return this.stepRows.map(
      ({ transitioned_from, name, transitioned_to }) => `${transitioned_from} ${name} ${transitioned_to}`
    )
  }

  /**
   * The steps of the latest execution, each with everything that it has set in the context, messages by their texts. Throws
   * where the context is anything else than what they have set.
   */
  get course(): string[] {
    const rows = this.stepRows
    const whole = withChanges(
      {},
      rows.flatMap(({ changes }) => changes)
    )
    const { context, unsaved } = this.execution
    if (JSON.stringify(withChanges(whole, unsaved)) !== JSON.stringify(context))
      throw new Error('the context is not what the steps have set')
    return rows.map(({ transitioned_from, name, transitioned_to, changes }) =>
      [
        `${transitioned_from} ${name} ${transitioned_to}`,
        ...changes.map(([path, value]) =>
          path.length === 0 ? this.#beginning(value) : `${path.join('.')} = ${shortened(value)}`
        )
      ].join(' | ')
    )
  }

  /** What an execution knows when it begins: all of it follows from its row, but for its trigger and data. */
  #beginning(value: Json): string {
    const { trigger = null, flow, ...others } = fieldsOfContext(value)
    const { data, ...own } = fieldsOfContext(flow)
    const { sid, flow_sid, flow_channel_address, contact_channel_address } = this.execution
    const expected = [
      { sid, flow_sid, channel: { address: flow_channel_address }, variables: {} },
      { contact: { channel: { address: contact_channel_address } }, widgets: {} }
    ]
    if (JSON.stringify([own, others]) !== JSON.stringify(expected)) throw new Error('it begins with something else')
    const more = JSON.stringify(data) === '{}' ? '' : ` | flow.data = ${shortened(data)}`
    return `trigger = ${shortened(trigger)}${more}`
  }

  get stepRows(): ExecutionStepRow[] {
    return [...this.state.tables.execution_step.by('execution_sid', this.execution.sid)]
  }

  /** What the debugger was told. */
  get errors(): string[] {
    return this.events('error.logged').map((event) => render(event).description)
  }

  /** An address answers what the latest execution has asked. */
  answer(status: number, body: unknown, content_type = 'application/json'): void {
    const { sid, ticket, widget } = this.execution
    const row = this.execution
    if (row.waits_for !== 'answer' || ticket === null || widget === null) throw new Error('nothing was asked')
    const event = this.events('ringdown.flow.request-asked').at(-1)
    this.do({
      type: 'execution.answer',
      execution_sid: sid,
      ticket,
      widget,
      widget_type: String(event?.refs.extra?.type),
      status,
      content_type,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: '{"x-y":"1"}'
    })
  }

  /** Nobody answers. */
  fail(failure: string): void {
    const { sid, ticket, widget } = this.execution
    const event = this.events('ringdown.flow.request-asked').at(-1)
    this.do({
      type: 'execution.answer',
      execution_sid: sid,
      ticket: String(ticket),
      widget: String(widget),
      widget_type: String(event?.refs.extra?.type),
      failure
    })
  }
}

/** As JSON, in which a message is its text, an SID its prefix, and what began the execution what its trigger says. */
function shortened(value: unknown): string {
  const text = JSON.stringify(value, (_name, one: unknown) => {
    if (typeof one !== 'object' || one === null) return one
    if ('Body' in one && ('Sid' in one || 'MessageSid' in one)) return `«${String(one.Body)}»`
    return one
  })
  return text.replaceAll(/\b([A-Z]{2})[0-9a-f]{32}\b/g, '$1…')
}

/** A stage with one flow and a conversation that it listens to. */
export function staged(states: Parameters<typeof definition>[0], more: object = {}) {
  const stage = new Stage()
  const flow = stage.flow(definition(states, { ...more }))
  const chat = stage.conversation(flow)
  return { stage, flow, chat, write: (body: string) => stage.write(chat, body), said: () => stage.said(chat) }
}
