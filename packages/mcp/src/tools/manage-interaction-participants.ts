import { membersOf, objectText, setAt } from '@ringdown/contract/json-text'
import type { InteractionChannelParticipantInstance } from 'twilio/lib/rest/flexApi/v1/interaction/interactionChannel/interactionChannelParticipant.js'
import type { InteractionChannelContext } from 'twilio/lib/rest/flexApi/v1/interaction/interactionChannel.js'
import { apiError, Fault, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { paged } from '../pages.ts'
import { compact, type Outcome, type Row, rowOf } from '../results.ts'
import { isSid } from '../sids.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool, type Values } from '../tool.ts'
import {
  attributesText,
  channelOf,
  contactArguments,
  contactNames,
  contactOf,
  type FirstTask,
  ifPossible,
  taskIn
} from './interactions.ts'
import {
  deleted,
  maxPriority,
  maxSeconds,
  pageArguments,
  pagingNames,
  workspaceArgument,
  workspaceOf
} from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['list', 'add', 'remove', 'invite', 'transfer', 'supervise'] },
  ...contactArguments,
  channelSid: { type: 'string', sid: ['UO'] },
  participantSid: { type: 'string', description: 'UT… or worker name; transfer: default the only agent' },
  participantType: { type: 'string', enum: ['customer', 'agent', 'supervisor', 'external', 'unknown'] },
  mediaProperties: { type: 'object', description: '{address, proxy_address} or {identity}' },
  routingProperties: { type: 'object' },
  mode: { type: 'string', enum: ['cold', 'warm', 'monitor', 'whisper', 'barge'] },
  status: { type: 'string', enum: ['closed', 'wrapup'], description: 'remove' },
  workerSid: { type: 'string', ref: 'worker', description: 'whom to invite: SID or name' },
  taskQueueSid: { type: 'string', ref: 'task_queue', description: 'SID or name' },
  workflowSid: { type: 'string', ref: 'workflow', description: 'SID or name' },
  ...workspaceArgument,
  attributes: { type: 'object', description: 'merged over the carried ones' },
  priority: { type: 'integer', min: 0, max: maxPriority },
  timeout: { type: 'integer', min: 1, max: maxSeconds },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>

/** A supervisor's phone rings: the answer lets it listen (monitor), talk to the worker (whisper), or to both (barge). */
async function supervise(values: Pick<Given, 'taskSid' | 'workerSid' | 'mode'>, call: Call): Promise<Outcome> {
  const { taskSid = '', workerSid = '', mode = 'monitor' } = values
  if (mode === 'cold' || mode === 'warm')
    throw fault('bad_value', 'supervise has the modes monitor, whisper and barge', {
      argument: 'mode',
      next: 'give one'
    })
  const workspace = await workspaceOf(call)
  const held = await workspace.tasks(taskSid).reservations.list({ reservationStatus: 'accepted', limit: 1 })
  const [reservation] = held
  if (!reservation)
    throw fault('bad_value', 'nobody has this task: there is no call to listen to', {
      argument: 'taskSid',
      next: 'manage_tasks list with assignmentStatus assigned shows tasks that somebody has'
    })
  await workspace
    .tasks(taskSid)
    .reservations(reservation.sid)
    .update({ instruction: 'supervise', supervisor: workerSid, supervisorMode: mode })
  return { participants: [{ type: 'supervisor', workerSid, taskSid, reservationSid: reservation.sid }] }
}

const targetNames = ['workerSid', 'taskQueueSid', 'workflowSid', 'attributes', 'priority', 'timeout'] as const

export const manageInteractionParticipants: Tool = {
  name: 'manage_interaction_participants',
  title: 'Manage interaction participants',
  description:
    "Who is in an interaction channel: list, add, remove, invite an agent (routes a new task; they join on accepting), or transfer between agents. transfer invites, and the present agent leaves (mode warm: stays). Invites carry the task attributes over. supervise calls workerSid into a task's call.",
  hints: hints('D'),
  arguments: args,
  aliases: { routingattributes: 'routingProperties' },
  output: {
    participants: [
      {
        participantSid: 'string',
        type: 'string',
        workerSid: 'string',
        workerName: 'string',
        taskSid: 'string',
        reservationSid: 'string'
      }
    ],
    invite: { inviteSid: 'string', taskSid: 'string', assignmentStatus: 'string', target: 'string' }
  },
  actions: {
    list: on({
      write: false,
      optional: [...contactNames, 'channelSid', ...pagingNames],
      run: async (values, call) => {
        const { channel } = await placeOf(values, call)
        const { rows, nextPageToken } = await paged(
          call,
          (page) => channel.participants.page(page),
          (one) => rowFor(one, call)
        )
        return { participants: rows, nextPageToken }
      }
    }),
    add: on({
      write: true,
      required: ['participantType'],
      optional: [...contactNames, 'channelSid', 'mediaProperties', 'routingProperties', 'workerSid'],
      unused: {
        taskQueueSid: 'agents come by action invite, which routes a task',
        workflowSid: 'agents come by action invite, which routes a task'
      },
      run: async (values, call) => {
        const { channel } = await placeOf(values, call)
        const { participantType, routingProperties, workerSid } = values
        const mediaProperties =
          values.mediaProperties?.text ?? (workerSid ? { identity: await identityOf(workerSid, call) } : {})
        const routing = routingProperties ? { routingProperties: routingProperties.text } : {}
        const added = await channel.participants.create({ type: participantType, mediaProperties, ...routing })
        return { participants: [await rowFor(added, call)] }
      }
    }),
    remove: on({
      write: true,
      required: ['participantSid'],
      optional: [...contactNames, 'channelSid', 'status'],
      run: async (values, call) => {
        const { channel } = await placeOf(values, call)
        const sid = await participantOf(channel, values.participantSid, call)
        const status = values.status ?? 'closed'
        await channel.participants(sid).update({ status })
        return {
          participants: [status === 'closed' ? deleted('participantSid', sid) : { participantSid: sid, status }]
        }
      }
    }),
    invite: on({
      write: true,
      optional: [...contactNames, 'channelSid', ...targetNames],
      run: async (values, call) => (await invited(values, call)).outcome
    }),
    transfer: on({
      write: true,
      optional: [...contactNames, 'channelSid', 'participantSid', 'mode', ...targetNames],
      run: transfer
    }),
    supervise: on({
      write: true,
      required: ['taskSid', 'workerSid'],
      optional: ['mode', 'workspaceSid'],
      run: supervise
    })
  }
}

async function placeOf(values: Given, call: Call) {
  const sid = await contactOf(values, call)
  const interaction = call.backend.client.flexApi.v1.interaction(sid)
  return { interaction, channel: interaction.channels(await channelOf(sid, values.channelSid, call)) }
}

const routingIn = (participant: InteractionChannelParticipantInstance) => objectIn(participant.routingProperties)

async function rowFor(participant: InteractionChannelParticipantInstance, call: Call): Promise<Row> {
  const {
    routingProperties: _routing,
    interactionSid: _interaction,
    channelSid: _channel,
    ...row
  } = rowOf(participant, 'participantSid')
  const { worker_sid, task_sid, reservation_sid } = routingIn(participant)
  const workerName = typeof worker_sid === 'string' ? await nameOf(worker_sid, call) : undefined
  return compact({ ...row, workerSid: worker_sid, workerName, taskSid: task_sid, reservationSid: reservation_sid })
}

/** A worker's name; a row does without where the workspace is not known. */
async function nameOf(workerSid: string, call: Call): Promise<string | undefined> {
  try {
    return await call.names.nameOf('worker', workerSid, await call.workspace())
  } catch (error) {
    if (error instanceof Fault || apiError(error)) return undefined
    throw error
  }
}

/** A worker's identity in chats: `contact_uri` without its scheme, or else the friendly name (reference flex 6). */
async function identityOf(workerSid: string, call: Call): Promise<string> {
  const worker = await (await workspaceOf(call)).workers(workerSid).fetch()
  const uri = objectIn(worker.attributes).contact_uri
  return typeof uri === 'string' && uri.startsWith('client:') ? uri.slice('client:'.length) : worker.friendlyName
}

/** A participant's SID from UT…, or from its worker's SID or name. */
async function participantOf(channel: InteractionChannelContext, text: string, call: Call): Promise<string> {
  if (isSid(text) && text.startsWith('UT')) return text
  const { sid } = await call.names.resolve('worker', text, 'participantSid', await call.workspace())
  const members = await channel.participants.list({ limit: 100 })
  const found = members.find((member) => routingIn(member).worker_sid === sid)
  if (found) return found.sid
  throw fault('unknown_name', `${text} is not in this channel`, {
    argument: 'participantSid',
    found: text,
    candidates: await Promise.all(members.map((member) => rowFor(member, call))),
    next: 'give participantSid as UT…; list shows who is in'
  })
}

interface Invited {
  readonly outcome: { readonly invite: Row }
  readonly channel: InteractionChannelContext
}

async function invited(values: Given, call: Call): Promise<Invited> {
  const { workerSid, taskQueueSid, workflowSid, priority, timeout } = values
  if (!workerSid && !taskQueueSid && !workflowSid) {
    throw fault('missing_argument', `whom to ${call.action === 'transfer' ? 'transfer to' : 'invite'}?`, {
      argument: 'workerSid',
      next: 'give workerSid, taskQueueSid or workflowSid'
    })
  }
  const { interaction, channel } = await placeOf(values, call)
  const first = await firstTask(taskIn((await interaction.fetch()).routing), channel, call)
  const workspace = await call.workspace()
  const queueName = taskQueueSid ? await call.names.nameOf('task_queue', taskQueueSid, workspace) : undefined
  if (workerSid) await warnAbsent(workerSid, first.taskChannel, timeout, call)
  const target = workerSid
    ? { transferTargetSid: workerSid, transferTargetType: 'worker' }
    : taskQueueSid
      ? { transferTargetSid: taskQueueSid, transferTargetType: 'queue', transferQueueName: queueName }
      : { transferTargetSid: workflowSid, transferTargetType: 'workflow' }
  const properties = compact({
    workspace_sid: first.workspaceSid ?? workspace,
    workflow_sid: workflowSid ?? first.workflowSid,
    queue_sid: taskQueueSid ?? (workerSid ? first.queueSid : undefined),
    worker_sid: workerSid,
    task_channel_unique_name: first.taskChannel,
    priority,
    timeout
  })
  // The API carries nothing over: attributes travel with the invite, conversation_id among them (reference flex 6).
  const carried = withMembers(withMembers(first.attributes, JSON.stringify(target)), values.attributes?.text ?? '{}')
  const routing = objectText({ properties: setAt(JSON.stringify(properties), ['attributes'], carried) })
  const invite = await channel.invites.create({ routing })
  const task = taskIn(invite.routing)
  const name = workerSid
    ? await nameOf(workerSid, call)
    : (queueName ?? (await call.names.nameOf('workflow', workflowSid ?? '', workspace)))
  return {
    channel,
    outcome: {
      invite: compact({
        inviteSid: invite.sid,
        taskSid: task.sid,
        assignmentStatus: task.assignmentStatus,
        target: name
      })
    }
  }
}

/** The text of an object with the members of another, each as it is written. */
function withMembers(text: string, members: string): string {
  return membersOf(members).reduce((at, { key, value, end }) => setAt(at, [key], members.slice(value, end)), text)
}

/** The interaction's first task; where the API no longer tells it, the task of the agent who is in. */
async function firstTask(told: FirstTask, channel: InteractionChannelContext, call: Call): Promise<FirstTask> {
  if (told.sid && told.attributes !== '{}') return told
  const members = await channel.participants.list({ limit: 100 })
  const sid = told.sid ?? members.map((member) => routingIn(member).task_sid).find((task) => typeof task === 'string')
  if (typeof sid !== 'string') return told
  const workspace = await workspaceOf(call)
  const task = await ifPossible(() => workspace.tasks(sid).fetch())
  if (!task) return told
  return {
    sid,
    workspaceSid: task.workspaceSid,
    workflowSid: task.workflowSid,
    queueSid: task.taskQueueSid,
    taskChannel: task.taskChannelUniqueName,
    attributes: attributesText(task.attributes)
  }
}

const day_s = 86_400

/** A target who is away or full is no error: the task waits, and the caller should know how long. */
async function warnAbsent(
  workerSid: string,
  taskChannel: string | undefined,
  timeout: number | undefined,
  call: Call
): Promise<void> {
  const context = (await workspaceOf(call)).workers(workerSid)
  const worker = await context.fetch()
  const waits = `the task waits until its timeout (${timeout ?? day_s} s); set timeout, or transfer to a queue`
  if (!worker.available) return call.warn(`${worker.friendlyName} is ${worker.activityName}: ${waits}`)
  const channel = taskChannel ? await ifPossible(() => context.workerChannels(taskChannel).fetch()) : undefined
  if (channel && (!channel.available || channel.availableCapacityPercentage === 0)) {
    call.warn(
      `${worker.friendlyName} has no room for ${taskChannel} now (${channel.assignedTasks} of ${channel.configuredCapacity}): ${waits}`
    )
  }
}

/** Cold: invite, then the present agent leaves, in this order, so that nobody is left alone if one step fails. */
async function transfer(values: Given, call: Call): Promise<Outcome> {
  const present = values.mode === 'warm' ? undefined : await presentAgent(values, call)
  const { outcome, channel } = await invited(values, call)
  if (values.mode === 'warm') return outcome
  if (!present) {
    call.warn('no agent is in this channel: invited only')
    return outcome
  }
  try {
    await channel.participants(present).update({ status: 'closed' })
  } catch (error) {
    const api = apiError(error)
    if (!api) throw error
    const { inviteSid, taskSid } = outcome.invite
    throw new Fault([
      {
        code: api.code,
        status: api.status,
        message: `the invite stands (${inviteSid}, task ${taskSid}), but the present agent did not leave: ${api.message}`,
        argument: 'participantSid',
        next: `do not transfer again; finish with action remove, participantSid ${present}`
      }
    ])
  }
  return outcome
}

async function presentAgent(values: Given, call: Call): Promise<string | undefined> {
  const { channel } = await placeOf(values, call)
  if (values.participantSid) return participantOf(channel, values.participantSid, call)
  const agents = (await channel.participants.list({ limit: 100 })).filter((member) => member.type === 'agent')
  if (agents.length <= 1) return agents[0]?.sid
  const rows = await Promise.all(agents.map((agent) => rowFor(agent, call)))
  throw fault('missing_argument', `${agents.length} agents are in: who leaves?`, {
    argument: 'participantSid',
    candidates: rows.map((row) => `${row.workerName ?? row.workerSid ?? ''} (${row.participantSid})`),
    next: 'give participantSid; or mode warm, and nobody leaves'
  })
}
