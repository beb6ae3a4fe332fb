import { State } from './center.ts'
import type { Command, CommandOf, CommandType, ResultOf } from './commands.ts'
import { seedOf } from './core/ids.ts'

import type { Row } from './core/row.ts'
import { type Decision, decide } from './decide.ts'
import { decideDue } from './due.ts'
import { type EngineEvent, render } from './events.ts'
import type { Kind } from './kinds.ts'
import type { ContextData, ExecutionRow, ExecutionStepRow } from './studio/rows.ts'

/*
 * A flow against a customer who follows a script: in a center of its own that has the account's configuration and nobody
 * in it, so that nothing of it is seen outside, and nobody is told.
 */

/** What happens next: the customer writes, time goes by, or an address answers (or does not, without a status). */
export type Scripted =
  | { readonly message: string }
  /** Seconds. */
  | { readonly wait: number }
  | { readonly status: number | null; readonly body: string; readonly content_type: string }

export interface RehearsedFlow {
  readonly definition: string
  /** How it begins. */
  readonly trigger: 'conversation' | 'message' | 'request'
  readonly contact: string
  readonly address: string
  /** JSON text of an object: `flow.data`. */
  readonly parameters: string
  readonly script: readonly Scripted[]
  /** Milliseconds. */
  readonly at: number
}

/** What was seen, in its order. */
export interface RehearsedStep {
  readonly at: number
  readonly name: string
  readonly transitioned_from: string
  readonly transitioned_to: string
  readonly type: string
}

export interface RehearsedMessage {
  readonly at: number
  readonly from: 'customer' | 'flow'
  readonly body: string
}

export interface Rehearsed {
  readonly status: 'active' | 'ended' | 'not_started'
  readonly ended_reason: string | null
  /** The widget at which it waits, and for what. */
  readonly widget: string | null
  readonly waits_for: string | null
  readonly steps: readonly RehearsedStep[]
  readonly messages: readonly RehearsedMessage[]
  readonly requests: readonly { readonly widget: string; readonly method: string; readonly url: string }[]
  readonly tasks: readonly {
    readonly workflow_sid: string | null
    readonly attributes: string
    readonly priority: number
  }[]
  readonly errors: readonly string[]
  readonly context: ContextData
  /** Entries of the script for which nobody asked. */
  readonly unused: number
}

/** What the center of a rehearsal has of the account. */
const lent = [
  'workspace',
  'activity',
  'task_channel',
  'task_queue',
  'workflow',
  'workflow_document',
  'flex_configuration',
  'conversation_configuration',
  'chat_service',
  'role',
  'schedule',
  'content',
  'flow',
  'flow_revision'
] as const satisfies readonly Kind[]

/** Runs it. Yields after each decision, so that others can have their turn; the last value is what was seen. */
export function* rehearseFlow(own: State, plan: RehearsedFlow): Generator<undefined, Rehearsed> {
  const stage = new RehearsalStage(own, plan)
  yield* stage.begin()
  let next = 0
  while (next < plan.script.length && stage.execution?.status !== 'ended') {
    const one = plan.script[next++]
    if (one) yield* stage.play(one)
  }
  return stage.seen(plan.script.length - next)
}

class RehearsalStage {
  readonly #state: State
  readonly #plan: RehearsedFlow
  readonly #events: EngineEvent[] = []
  #at: number
  #sid: string | undefined
  #chat = ''
  #flow = ''
  #messages = 0

  constructor(own: State, plan: RehearsedFlow) {
    this.#state = new State(own.account_sid, own.settings, own.tools)
    this.#plan = plan
    this.#at = plan.at
    for (const kind of lent) for (const row of rowsOf(own, kind)) this.#state.admit(kind, row as never) // of its own kind
    this.#state.matcher.settle()
    this.#state.next_seq = own.next_seq
    this.#state.at = plan.at
  }

  get execution(): ExecutionRow | undefined {
    return this.#state.tables.execution.find(this.#sid)
  }

  *begin(): Generator<undefined> {
    const { definition, trigger, contact, address, parameters } = this.#plan
    // A draft for a test user: whatever is wrong with the definition is seen when it is run.
    this.#flow = this.#do({ type: 'flow.create', friendly_name: 'Dry run', status: 'draft', definition }).flow.sid
    this.#do({ type: 'test_user.update', sid: this.#flow, test_users: [contact] })
    if (trigger === 'conversation') this.#openChat()
    else this.#do({ type: 'phone.create', address: contact })
    if (trigger === 'request') {
      this.#sid = this.#do({
        type: 'execution.create',
        flow_sid: this.#flow,
        to: contact,
        from: address,
        parameters
      }).execution.sid
      yield* this.#settle()
    }
  }

  *play(one: Scripted): Generator<undefined> {
    if ('message' in one) this.#write(one.message)
    else if ('wait' in one) this.#at += one.wait * 1000
    else this.#answer(one)
    yield* this.#settle()
  }

  seen(unused: number): Rehearsed {
    const { execution } = this
    const { tables } = this.#state
    const steps = this.#sid === undefined ? [] : [...tables.execution_step.by('execution_sid', this.#sid)]
    return {
      status: execution?.status ?? 'not_started',
      ended_reason: execution?.ended_reason ?? null,
      widget: execution?.widget ?? null,
      waits_for: execution?.waits_for ?? null,
      steps: steps.map(shownStep),
      messages: this.#said(),
      requests: this.#events
        .filter(({ type }) => type === 'ringdown.flow.request-asked')
        .map(({ refs }) => ({
          widget: String(refs.extra?.widget),
          method: refs.execution?.request?.method ?? '',
          url: refs.execution?.request?.url ?? ''
        })),
      tasks: tables.task
        .all()
        .map(({ workflow_sid, attributes, priority }) => ({ workflow_sid, attributes, priority })),
      errors: this.#events.filter(({ type }) => type === 'error.logged').map((event) => render(event).description),
      context: execution?.context ?? {},
      unused
    }
  }

  #openChat(): void {
    const { sid } = this.#do({ type: 'conversation.create' }).conversation
    this.#chat = sid
    this.#do({ type: 'participant.create', conversation_sid: sid, identity: this.#plan.contact })
    this.#do({
      type: 'conversation_scoped_webhook.create',
      conversation_sid: sid,
      target: 'studio',
      configuration_flow_sid: this.#flow
    })
  }

  #write(body: string): void {
    const { trigger, contact, address } = this.#plan
    const place = this.execution?.conversation_sid ?? (trigger === 'conversation' ? this.#chat : null)
    if (place === null) {
      const parameters = { From: contact, To: address, Body: body, MessageSid: this.#messageSid(), NumMedia: '0' }
      this.#do({ type: 'flow.receive', flow_sid: this.#flow, parameters })
      this.#customer.push({ at: this.#at, from: 'customer', body })
    } else if (this.#state.tables.conversation.find(place)?.state !== 'closed')
      this.#do({ type: 'message.create', conversation_sid: place, author: contact, body, source: 'SDK' })
    this.#sid ??= [...this.#state.tables.execution.by('flow_sid', this.#flow)][0]?.sid
  }

  /** What the customer wrote that is in no conversation. */
  readonly #customer: RehearsedMessage[] = []

  #messageSid(): string {
    return `SM${String(++this.#messages).padStart(32, '0')}`
  }

  #answer({ status, body, content_type }: Extract<Scripted, { readonly body: string }>): void {
    const { execution } = this
    const event = this.#events.filter(({ type }) => type === 'ringdown.flow.request-asked').at(-1)
    if (execution?.waits_for !== 'answer' || execution.ticket === null || !event) return
    this.#do({
      type: 'execution.answer',
      execution_sid: execution.sid,
      ticket: execution.ticket,
      widget: String(event.refs.extra?.widget),
      widget_type: String(event.refs.extra?.type),
      ...(status === null ? { failure: 'timeout: nobody answers' } : { status, body, content_type, headers: '{}' })
    })
  }

  #said(): RehearsedMessage[] {
    const { tables } = this.#state
    const inRooms = tables.message
      .all()
      .map(({ date_created, author, body }): RehearsedMessage & { readonly seq?: number } => ({
        at: date_created,
        from: author === this.#plan.contact ? 'customer' : 'flow',
        body: body ?? ''
      }))
    const alone = tables.channel_message
      .all()
      .filter(({ message_sid, direction }) => message_sid === null && direction !== 'inbound')
      .map(({ date_created, body }): RehearsedMessage => ({ at: date_created, from: 'flow', body: body ?? '' }))
    // In a conversation they are in their order already; apart from one, whoever writes comes before who answers.
    return [...inRooms, ...merged(this.#customer, alone)]
  }

  #do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    const seed = seedOf(1, this.#state.decision)
    const decision = decide(this.#state, { at: this.#at, seed, command: command as unknown as Command }) as Decision<
      ResultOf<T>
    > // what its decider answers
    this.#events.push(...decision.events)
    return decision.result
  }

  /** Time moves to `at`, through all that comes due on the way. */
  *#settle(): Generator<undefined> {
    for (const { decision } of decideDue(this.#state, this.#at, (n) => seedOf(1, n))) {
      this.#events.push(...decision.events)
      yield
    }
  }
}

function rowsOf(state: State, kind: Kind): readonly Row[] {
  return state.table(kind).all()
}

function shownStep({ date_created, name, transitioned_from, transitioned_to, type }: ExecutionStepRow): RehearsedStep {
  return { at: date_created, name, transitioned_from, transitioned_to, type }
}

/** Two lists in the order of their instants; of the same instant, the first list's before. */
function merged(first: readonly RehearsedMessage[], second: readonly RehearsedMessage[]): RehearsedMessage[] {
  const all = [...first, ...second].map((one, place) => ({ one, place }))
  return all.sort((a, b) => a.one.at - b.one.at || a.place - b.place).map(({ one }) => one)
}
