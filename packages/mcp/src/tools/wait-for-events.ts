import type { FeedEvent } from '@ringdown/contract/situations'
import { explained } from '../errors.ts'
import type { RingdownApi } from '../ringdown-api.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool, type Values } from '../tool.ts'
import { interactionOf } from './interactions.ts'
import { outcomeOf, type ReportedEvent, usualEvents, usualWait_s } from './reported-event.ts'
import { fieldsArgument } from './shared.ts'
import { twilioEvents } from './twilio-events.ts'

const args = argumentsOf({
  cursor: { type: 'string', description: 'from the last answer' },
  since: { type: 'string', description: 'ISO instant, or PT10M back; at most P1D' },
  types: { type: 'strings', description: 'e.g. task.created, reservation.*' },
  taskSid: { type: 'string', sid: ['WT'] },
  workerSid: { type: 'string', ref: 'worker', description: 'SID or name' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  conversationSid: { type: 'string', ref: 'conversation', description: 'SID or name' },
  interactionSid: { type: 'string', description: 'KD…, or WT… of its task' },
  waitSeconds: { type: 'integer', min: 0, max: 50, description: '0-50, default 20' },
  maxEvents: { type: 'integer', min: 1, max: 100, description: 'default 20' },
  workspaceSid: { type: 'string', ref: 'workspace', description: 'default: all (Twilio: the Flex one)' },
  ...fieldsArgument
})
const on = actionsOn(args)
export type WaitArguments = Values<typeof args>

const progress_ms = 5_000

export const waitForEvents: Tool = {
  name: 'wait_for_events',
  title: 'Wait for events',
  description:
    'Waits for events of tasks, reservations, workers, conversations, messages, interactions. Answers at once if there are some after cursor or since. Call again with the answered cursor: nothing is missed. All filters must fit.',
  hints: hints('RI'),
  arguments: args,
  output: {
    events: [
      {
        eventSid: 'string',
        type: 'string',
        at: 'string',
        summary: 'string',
        taskSid: 'string',
        workerSid: 'string',
        conversationSid: 'string',
        data: 'object'
      }
    ],
    cursor: 'string',
    hasMore: 'boolean',
    truncated: 'boolean',
    notice: 'string'
  },
  actions: {
    call: on({
      write: false,
      optional: [
        'cursor',
        'since',
        'types',
        'taskSid',
        'workerSid',
        'taskQueueSid',
        'conversationSid',
        'interactionSid',
        'waitSeconds',
        'maxEvents',
        'fields'
      ],
      run: (values, call) =>
        withProgress(values.waitSeconds ?? usualWait_s, call, () => {
          const { ringdown } = call.backend
          return ringdown ? ringdownEvents(values, call, ringdown) : twilioEvents(values, call)
        })
    })
  },
  aliases: { limit: 'maxEvents', wait: 'waitSeconds', eventtypes: 'types', eventtype: 'types' }
}

/** Tells a caller who asked for it that the wait goes on: clients give up on what is silent. */
async function withProgress<T>(seconds: number, call: Call, work: () => Promise<T>): Promise<T> {
  const { progress } = call
  if (!progress) return work()
  const begun = performance.now()
  const tell = () => {
    const passed = Math.min(Math.round((performance.now() - begun) / 1000), seconds)
    progress(passed, seconds, `waiting for events, ${passed} of ${seconds} s`)
  }
  const timer = setInterval(tell, progress_ms)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

/** A page as the feed of a Ringdown answers it. */
interface FeedPage {
  readonly events: readonly FeedEvent[]
  readonly cursor: string
  readonly has_more: boolean
  readonly truncated: boolean
}

async function ringdownEvents(values: WaitArguments, call: Call, api: RingdownApi) {
  const until = performance.now() + (values.waitSeconds ?? usualWait_s) * 1000
  const filters = {
    types: values.types?.join(','),
    workspace_sid: values.workspaceSid,
    task_sid: values.taskSid,
    worker_sid: values.workerSid,
    task_queue_sid: values.taskQueueSid,
    conversation_sid: values.conversationSid,
    interaction_sid: values.interactionSid && (await interactionOf(values.interactionSid, call)),
    limit: values.maxEvents ?? usualEvents
  }
  let { cursor } = values
  let truncated = false
  for (;;) {
    const left = Math.max(0, until - performance.now())
    const query = {
      ...filters,
      cursor,
      since: cursor === undefined ? values.since : undefined,
      wait_s: Math.ceil(left / 1000)
    }
    const page = await explained(
      call,
      async () => (await api.get('Events', query, call.signal)) as FeedPage, // as the feed answers
      ({ message }) => ({ argument: argumentIn(message) })
    )
    cursor = page.cursor
    truncated ||= page.truncated
    // A page without events that has more has only passed what nobody asked for.
    if (page.has_more && page.events.length === 0 && performance.now() < until) continue
    const events = await Promise.all(page.events.map((event) => reportedEvent(event, call)))
    return outcomeOf({ events, cursor, hasMore: page.has_more, truncated }, call.fields, (event) => event.cursor)
  }
}

/** With the worker's name where an event of an interaction tells only the SID. */
async function reportedEvent(event: FeedEvent, { names }: Call): Promise<ReportedEvent & { cursor: string }> {
  const { sid, cursor, type, at, description, data, workspace_sid = '' } = event
  const { worker_sid } = data
  const worker_name =
    type.startsWith('interaction.participant.') && typeof worker_sid === 'string'
      ? await names.nameOf('worker', worker_sid, workspace_sid)
      : undefined
  return { eventSid: sid, cursor, type, at, description, data: worker_name ? { ...data, worker_name } : data }
}

/** "Parameter task_sid is invalid" -> taskSid. */
function argumentIn(message: string): string | undefined {
  const [, parameter] = /^Parameter (\w+)/.exec(message) ?? []
  const names: Readonly<Record<string, string>> = { wait_s: 'waitSeconds', limit: 'maxEvents' }
  return parameter && (names[parameter] ?? parameter.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))
}
