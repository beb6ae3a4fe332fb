import type { State } from '../center.ts'
import { conversationReads } from '../conversations/reads.ts'
import type { ConversationRow } from '../conversations/rows.ts'
import { deleteScopedWebhook } from '../conversations/webhook.ts'
import type { Read } from '../core/command.ts'
import { type Json, valueIn } from '../core/json.ts'
import { Refusal } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import type { TaskRow } from '../routing/rows.ts'
import { addTask } from '../routing/task.ts'
import { type Act, type Done, outputOf } from './acting.ts'
import { intoQueue } from './call-widgets.ts'
import { failAt } from './course.ts'
import { emitError, emitExecution } from './events.ts'
import { codes, WidgetFailure } from './rendering.ts'
import { happen } from './turns.ts'

const defaultTimeout_s = 3600

/** Characters of attributes that the original documents as the most (reference studio 4.9); more work here, with a warning. */
export const documentedAttributes = 1024

/**
 * Hands the contact over to agents (reference studio 4.9). What happens in a conversation becomes an interaction of Flex,
 * which reacts to the event; any other message a task. The execution goes on in a decision of its own.
 */
export function sendToFlex(act: Act): Done {
  const { execution, properties } = act
  const attributes = attributesOf(act)
  if (execution.call_sid)
    return intoQueue(act, {
      workflow_sid: properties.text('workflow'),
      task_channel: properties.text('channel'),
      attributes,
      priority: properties.text('priority'),
      timeout: properties.text('timeout'),
      wait_url: properties.text('waitUrl'),
      wait_url_method: properties.text('waitUrlMethod')
    })
  const wanted: Wanted = {
    workflow_sid: properties.text('workflow'),
    task_channel: properties.text('channel'),
    attributes,
    priority: numberOf(properties.text('priority'), 'priority', 0),
    timeout: numberOf(properties.text('timeout'), 'timeout', defaultTimeout_s)
  }
  if (execution.conversation_sid === null) return makeTask(act, wanted)
  return askFlex(act, wanted, execution.conversation_sid)
}

/** As they are once they are rendered; the debugger is told of what the original may not take. */
function attributesOf({ state, execution, widget, properties }: Act): string {
  const { text } = properties.object('attributes')
  const { length } = [...text]
  if (length > documentedAttributes) {
    const message = `${widget.name}: attributes have ${length} characters; the original documents ${documentedAttributes} at most`
    emitError(
      state,
      { flow: state.tables.flow.find(execution.flow_sid), execution },
      { code: codes.value, message },
      'warning'
    )
  }
  return text
}

export function handoffReads({ state, execution }: Act): readonly Read[] {
  const { conversation_sid } = execution
  return conversation_sid === null ? [] : conversationReads(state, conversation_sid, {})
}

interface Wanted {
  readonly workflow_sid: string
  readonly task_channel: string
  /** JSON text of an object. */
  readonly attributes: string
  readonly priority: number
  readonly timeout: number
}

function numberOf(text: string, name: string, standard: number): number {
  const given = text.trim()
  if (given === '') return standard
  if (!/^\d{1,9}$/.test(given))
    throw new WidgetFailure(codes.value, `${name} '${given.slice(0, 40)}' is no whole number`)
  return Number(given)
}

function askFlex({ state, execution, widget }: Act, wanted: Wanted, conversation_sid: string): Done {
  const conversation = state.resident('conversation', conversation_sid)
  const workspace_sid = workspaceSidOf(state, wanted)
  if (!conversation) throw new WidgetFailure(codes.value, `Conversation ${conversation_sid} does not exist`)
  const channel = {
    type: channelTypeOf(state, conversation),
    initiated_by: 'customer',
    properties: { media_channel_sid: conversation_sid }
  }
  const { workflow_sid, task_channel, priority, timeout } = wanted
  const isSid = /^TC[0-9a-f]{32}$/i.test(task_channel)
  const properties = {
    workspace_sid,
    workflow_sid,
    [isSid ? 'task_channel_sid' : 'task_channel_unique_name']: task_channel,
    priority,
    timeout
  }
  // The attributes stay as they were written.
  const routing = JSON.stringify({ properties }).replace(/\}\}$/, `,"attributes":${wanted.attributes}}}`)
  const asking = state.change('execution', execution.sid, { waits_for: 'handoff' })
  emitExecution(state, 'ringdown.flow.handoff-requested', asking, {
    widget: widget.name,
    channel: JSON.stringify(channel),
    routing
  })
  return 'waits'
}

function workspaceSidOf(state: State, { workflow_sid }: Wanted): string {
  const workflow = state.tables.workflow.find(workflow_sid)
  if (!workflow) throw new WidgetFailure(codes.value, `Workflow ${workflow_sid.slice(0, 60)} does not exist`)
  return workflow.workspace_sid
}

/** How its customer writes; who is there by an identity alone chats on the web. */
function channelTypeOf(state: State, { sid }: ConversationRow): string {
  const [customer] = [...state.tables.participant.by('messaging', sid)]
  const type = customer?.binding_type ?? 'web'
  return ['sms', 'whatsapp', 'messenger', 'instagram', 'email', 'gbm'].includes(type)
    ? type
    : 'chat' === type
      ? 'web'
      : type
}

/** Flex has taken over, or has refused to; nothing of what follows is for the flow then, in that conversation. */
export function flexAnswered(state: State, { extra = {} }: EventRefs): void {
  const execution = state.tables.execution.find(String(extra.execution_sid))
  if (execution?.waits_for !== 'handoff' || execution.conversation_sid === null) return
  const { conversation_sid } = execution
  if (typeof extra.error === 'string') {
    const error = { code: Number(extra.error_code) || codes.value, message: extra.error }
    failAt(state, execution, 'failedToEnqueue', { error })
    return
  }
  for (const webhook of state.tables.conversation_scoped_webhook.list('conversation_sid', conversation_sid))
    if (webhook.target === 'studio') deleteScopedWebhook(state, { conversation_sid, sid: webhook.sid })
  const output: Json = {
    sid: String(extra.interaction_sid),
    channel: valueIn(String(extra.channel)) as Json, // as the engine wrote them
    routing: valueIn(String(extra.routing)) as Json,
    TaskSid: extra.task_sid ?? null,
    url: `/v1/Interactions/${extra.interaction_sid}`
  }
  happen(state, execution.sid, 'callComplete', [
    [['widgets', String(extra.widget)], output],
    [['flow', 'channel', 'status'], 'handed off']
  ])
}

function makeTask(act: Act, wanted: Wanted): Done {
  const { state, execution } = act
  const workspace_sid = workspaceSidOf(state, wanted)
  const { workflow_sid, task_channel, attributes, priority, timeout } = wanted
  const task = state.attempt(() =>
    addTask(state, { workspace_sid, workflow_sid, task_channel, attributes, priority, timeout })
  )
  if (task instanceof Refusal) throw new WidgetFailure(codes.value, task.message)
  happen(state, execution.sid, 'callComplete', [outputOf(act, taskOutput(task))])
  return 'waits'
}

function taskOutput(task: TaskRow): Json {
  return {
    Sid: task.sid,
    TaskSid: task.sid,
    Attributes: task.attributes,
    AssignmentStatus: task.assignment_status,
    Priority: task.priority,
    Timeout: task.timeout,
    WorkflowSid: task.workflow_sid,
    WorkspaceSid: task.workspace_sid,
    TaskChannelSid: task.task_channel_sid,
    Age: 0
  }
}
