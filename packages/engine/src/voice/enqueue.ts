import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { Refusal } from '../core/refusals.ts'
import { countryOf } from '../numbers/country.ts'
import { addTask } from '../routing/task.ts'
import { actionOf, callIn, keep, type Outcome, type Question, type VerbAct, type VerbRule, wholeIn } from './act.ts'
import { changeLeg, playMusic } from './leg.ts'
import type { VerbState, VoiceVerb } from './program.ts'
import { addQueueNamed, enterCallQueue, leaveCallQueue, queueMemberFor, queueNamed } from './queue.ts'
import type { CallRow, QueueRow } from './rows.ts'

type Waiting = Extract<VerbState, { readonly is: 'enqueue' }>

/** `Enqueue`: the call waits in a queue, as a task where a workflow is named (reference voice 7). */
export const enqueue: VerbRule = {
  begin(act) {
    const { state, call_sid, verb } = act
    const queue = queueFor(state, verb)
    if (queue === undefined) return left(act, 'system-error', {})
    const max_size = wholeIn(verb, 'maxQueueSize', { usual: queue.max_size, min: 1, max: 5000 })
    if (state.tables.queue_member.count('queue_sid', queue.sid) >= Math.min(max_size, queue.max_size))
      return left(act, 'queue-full', { queue_sid: queue.sid })
    enterCallQueue(state, call_sid, queue.sid)
    playMusic(state, call_sid, null, { listens: null })
    const waiting: Waiting = { is: 'enqueue', queue_sid: queue.sid, bridged: false, task_sid: null }
    keep(act, waiting)
    if (queue.workflow_sid !== null) {
      const made = taskFor(act, queue.workflow_sid)
      if (made instanceof Refusal) {
        leaveCallQueue(state, call_sid, 'system-error')
        state.emit('ringdown.call.document-failed', {
          call: callIn(act),
          extra: { code: 14222, reason: made.message, url: act.frame.url, level: 'error' }
        })
        return left(act, 'system-error', { queue_sid: queue.sid })
      }
      state.change('call', call_sid, { task_sid: made })
      keep(act, { ...waiting, task_sid: made })
    }
    return 'waits'
  },

  on(act, verb, happening): Outcome | undefined {
    if (verb.is !== 'enqueue') return undefined
    // A caller who will be called back hears the promise first.
    if (happening.type === 'dequeued' && verb.callback_task_sid && !happening.isHeard) return 'waits'
    if (happening.type === 'dequeued') return left(act, happening.result, verb)
    // Who still waits was led here out of a bridge, or a conference, that it is parted from.
    if (happening.type === 'parted')
      return queueMemberFor(act.state, act.call_sid) ? 'waits' : left(act, 'bridged', verb)
    return happening.type === 'digit' || happening.type === 'played' || happening.type === 'speech'
      ? 'waits'
      : undefined
  },

  hungUp(act, verb): Question | undefined {
    if (verb.is !== 'enqueue' || !act.verb.attributes.action) return undefined
    const member = queueMemberFor(act.state, act.call_sid)
    const waited = member ? act.state.at - member.date_created : (verb.waited_ms ?? 0)
    return actionOf(act, [
      ['QueueResult', member ? 'hangup' : verb.callback_task_sid ? 'leave' : 'bridged'],
      ...queueParameters(verb),
      ['QueueTime', String(Math.round(waited / 1000))]
    ])
  }
}

/** The call waits no longer: the action is asked with the result, or the next verb is reached. */
function left(act: VerbAct, result: string, waiting: Partial<Waiting>): Outcome {
  const { state, call_sid, verb } = act
  const waited = leaveCallQueue(state, call_sid, result) ?? waiting.waited_ms ?? 0
  changeLeg(state, call_sid, { plays: null, listens: null })
  if (!verb.attributes.action) return 'next'
  return actionOf(act, [
    ['QueueResult', result],
    ...queueParameters(waiting),
    ['QueueTime', String(Math.round(waited / 1000))]
  ])
}

/** Parameters of the request: where it has waited, and the task that was made to call it back. */
function queueParameters({ queue_sid, callback_task_sid }: Partial<Waiting>): readonly (readonly [string, string])[] {
  return [
    ...(queue_sid === undefined ? [] : [['QueueSid', queue_sid] as const]),
    ...(callback_task_sid === undefined ? [] : [['CallbackTaskSid', callback_task_sid] as const])
  ]
}

/** The queue that a verb names, which is there as soon as somebody waits in it. Undefined where it names none. */
function queueFor(state: State, { attributes, text }: VoiceVerb): QueueRow | undefined {
  const { workflowSid } = attributes
  if (workflowSid) {
    const workflow = state.tables.workflow.find(workflowSid)
    return workflow && (queueNamed(state, workflow.sid) ?? addQueueNamed(state, workflow.sid, workflow.sid, 5000))
  }
  if (!text) return undefined
  return queueNamed(state, text) ?? addQueueNamed(state, text.slice(0, 64), null, 1000)
}

/** Makes the task that a call is; answers its SID, or why there is none. */
function taskFor(act: VerbAct, workflow_sid: string): string | Refusal {
  const { state, verb } = act
  const call = callIn(act)
  const task = verb.children?.find(({ verb: name }) => name === 'Task')
  const { workspace_sid } = state.tables.workflow.need(workflow_sid)
  const priority = task && wholeIn(task, 'priority', { usual: 0, min: 0, max: 2_147_483_647 })
  const timeout = task?.attributes.timeout
    ? wholeIn(task, 'timeout', { usual: 86_400, min: 1, max: 1_209_600 })
    : undefined
  const names = new Set([...state.tables.task_channel.by('workspace_sid', workspace_sid)].map((row) => row.unique_name))
  const made = state.attempt(() =>
    addTask(
      state,
      {
        workspace_sid,
        workflow_sid,
        attributes: JSON.stringify({ ...callAttributes(call), ...ownAttributes(task?.text) }),
        task_channel: task?.attributes.channel || (names.has('voice') ? 'voice' : 'default'),
        ...(priority && { priority }),
        ...(timeout !== undefined && { timeout })
      },
      'canceled'
    )
  )
  return made instanceof Refusal ? made : made.sid
}

function ownAttributes(text: string | undefined): object {
  if (!text) return {}
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {} // a task without them is better than no task
  }
}

/** What a task says of its call (reference voice 11). */
function callAttributes(call: CallRow): Readonly<Record<string, string>> {
  const { from, to, direction, sid: call_sid, account_sid, status: call_status } = call
  const places = (name: string, address: string) => ({
    [`${name}_country`]: (address.startsWith('+') && countryOf(address)) || '',
    [`${name}_state`]: '',
    [`${name}_city`]: '',
    [`${name}_zip`]: ''
  })
  return {
    ...{ from, to, caller: from, called: to, direction, call_sid, account_sid, call_status, api_version: '2010-04-01' },
    ...places('from', from),
    ...places('to', to),
    ...places('caller', from),
    ...places('called', to)
  }
}
