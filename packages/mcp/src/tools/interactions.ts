import { fault, isApi } from '../errors.ts'
import { objectIn } from '../json.ts'
import { isSid, sidMeaning } from '../sids.ts'
import { argumentsOf, type Call, type Values } from '../tool.ts'

/** How a call names a contact: by its interaction, or by one of its tasks. */
export const contactArguments = argumentsOf({
  interactionSid: { type: 'string', description: 'KD…, or WT… of its task' },
  taskSid: { type: 'string', sid: ['WT'], description: 'in place of interactionSid' }
})

export const contactNames = ['interactionSid', 'taskSid'] as const

/** Throws Fault where a call names no contact, or one in both ways. */
export async function contactOf(
  { interactionSid, taskSid }: Values<typeof contactArguments>,
  call: Call
): Promise<string> {
  if (interactionSid !== undefined && taskSid !== undefined && interactionSid !== taskSid) {
    throw fault('bad_value', 'interactionSid and taskSid both name the contact: not both', {
      argument: 'taskSid',
      next: 'give interactionSid or taskSid'
    })
  }
  const named = interactionSid ?? taskSid
  if (named !== undefined) return interactionOf(named, call)
  throw fault('missing_argument', `${call.tool.name} ${call.action} needs interactionSid or taskSid`, {
    argument: 'interactionSid',
    next: 'give interactionSid, or taskSid'
  })
}

/**
 * The interaction that an argument means: KD… itself, or the one that a task belongs to.
 *
 * Throws Fault `bad_value` for a task that belongs to none, `wrong_sid` for another SID.
 */
export async function interactionOf(text: string, call: Call): Promise<string> {
  if (isSid(text) && text.startsWith('KD')) return text
  if (!isSid(text) || !text.startsWith('WT')) {
    const meaning = isSid(text) ? sidMeaning(text) : undefined
    const next = `give interactionSid as KD…, or as the WT… of its task${meaning?.argument ? `; this SID fits ${meaning.argument}` : ''}`
    throw fault(
      meaning ? 'wrong_sid' : 'bad_value',
      `interactionSid takes KD… or WT…${meaning ? `; ${text} is ${meaning.thing}` : ''}`,
      { argument: 'interactionSid', found: text, next }
    )
  }
  const task = await call.backend.client.taskrouter.v1
    .workspaces(await call.workspace())
    .tasks(text)
    .fetch()
  const sid = objectIn(task.attributes).flexInteractionSid
  if (typeof sid === 'string' && sid.startsWith('KD')) return sid
  throw fault('bad_value', 'this task has no flexInteractionSid: it is a plain task', {
    argument: 'interactionSid',
    found: text,
    next: 'use manage_tasks; give interactionSid as KD…'
  })
}

/** The channel that is meant: the one given, or the only one. Throws Fault that tells the channels there are. */
export async function channelOf(interactionSid: string, channelSid: string | undefined, call: Call): Promise<string> {
  if (channelSid) return channelSid
  const channels = await call.backend.client.flexApi.v1.interaction(interactionSid).channels.list({ limit: 20 })
  const [only] = channels
  if (only && channels.length === 1) return only.sid
  if (!only)
    throw fault('bad_value', 'this interaction has no channel', {
      argument: 'interactionSid',
      found: interactionSid,
      next: 'start another one with create_interaction; check interactionSid'
    })
  throw fault('missing_argument', `which channel? there are ${channels.length}`, {
    argument: 'channelSid',
    candidates: channels.map(({ sid, type, status }) => ({ channelSid: sid, type, status })),
    next: 'give channelSid'
  })
}

/** The task of an interaction as its routing tells it; undefined members where the API tells none. */
export interface FirstTask {
  readonly sid?: string | undefined
  readonly workspaceSid?: string | undefined
  readonly workflowSid?: string | undefined
  readonly queueSid?: string | undefined
  readonly taskChannel?: string | undefined
  readonly assignmentStatus?: string | undefined
  /** JSON text of an object. */
  readonly attributes: string
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Reads `routing.properties`: a task's JSON with names of its own (reference flex 4.6). */
export function taskIn(routing: unknown): FirstTask {
  const properties = objectIn(objectIn(routing).properties)
  return {
    sid: text(properties.sid),
    workspaceSid: text(properties.workspace_sid),
    workflowSid: text(properties.workflow_sid),
    queueSid: text(properties.queue_sid),
    taskChannel: text(properties.task_channel_unique_name),
    assignmentStatus: text(properties.assignment_status),
    attributes: attributesText(properties.attributes)
  }
}

/** Attributes as an API tells them, as text that is kept or as its value; `{}` where they are no object. */
export function attributesText(attributes: unknown): string {
  const text = typeof attributes === 'string' ? attributes : (JSON.stringify(attributes) ?? '')
  return Object.keys(objectIn(text)).length > 0 ? text : '{}'
}

/** Runs a look-up that may not be possible on every server; undefined when the API refuses it. */
export async function ifPossible<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isApi(error, 400, 403, 404, 409, 501)) return undefined
    throw error
  }
}
