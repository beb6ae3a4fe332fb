import type { InteractionChannelInstance } from 'twilio/lib/rest/flexApi/v1/interaction/interactionChannel.js'
import { fault } from '../errors.ts'
import { paged } from '../pages.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool } from '../tool.ts'
import { channelOf, interactionOf } from './interactions.ts'
import { PAGE, PAGING } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['get', 'list', 'update', 'close'] },
  interactionSid: { type: 'string', description: 'KD…, or WT… of its task' },
  channelSid: { type: 'string', sid: ['UO'], description: 'default: the only one' },
  status: { type: 'string', enum: ['inactive', 'closed'] },
  routingStatus: { type: 'string', enum: ['wrapup', 'closed'], also: { wrapping: 'wrapup' } },
  ...PAGE
})
const on = actionsOn(args)
const SHOWN = ['channelSid', 'interactionSid', 'type', 'status', 'errorCode', 'errorMessage']

export const manageInteractionChannel: Tool = {
  name: 'manage_interaction_channel',
  title: 'Manage interaction channel',
  description:
    'Get, list, update or close the channels of a Flex interaction. close ends the conversation and puts its tasks in wrap-up (routingStatus closed: completes them). update with status inactive parks the contact: tasks complete, the conversation stays open.',
  hints: hints('DI'),
  arguments: args,
  output: {
    channels: [
      {
        channelSid: 'string',
        interactionSid: 'string',
        type: 'string',
        status: 'string',
        errorCode: 'integer',
        errorMessage: 'string'
      }
    ]
  },
  actions: {
    get: on({
      write: false,
      required: ['interactionSid'],
      optional: ['channelSid'],
      run: async ({ interactionSid, channelSid }, call) => {
        const { channel } = await contextOf(interactionSid, channelSid, call)
        return one(await channel.fetch())
      }
    }),
    list: on({
      write: false,
      required: ['interactionSid'],
      optional: [...PAGING],
      run: async ({ interactionSid }, call) => {
        const { channels } = call.backend.client.flexApi.v1.interaction(await interactionOf(interactionSid, call))
        const { rows, nextPageToken } = await paged(call, (page) => channels.page(page), shown)
        return { channels: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['interactionSid', 'status'],
      optional: ['channelSid', 'routingStatus'],
      run: ({ interactionSid, channelSid, status, routingStatus }, call) =>
        setStatus(interactionSid, channelSid, status, routingStatus, call)
    }),
    close: on({
      write: true,
      required: ['interactionSid'],
      optional: ['channelSid', 'routingStatus'],
      unused: { status: 'close always sets closed: leave status out, or use action update' },
      run: ({ interactionSid, channelSid, routingStatus }, call) =>
        setStatus(interactionSid, channelSid, 'closed', routingStatus, call)
    })
  }
}

const shown = (channel: InteractionChannelInstance): Row => pick(rowOf(channel, 'channelSid'), SHOWN)
const one = (channel: InteractionChannelInstance): Outcome => ({ channels: [shown(channel)] })

async function contextOf(interaction: string, channelSid: string | undefined, call: Call) {
  const sid = await interactionOf(interaction, call)
  return { channel: call.backend.client.flexApi.v1.interaction(sid).channels(await channelOf(sid, channelSid, call)) }
}

/** `inactive` always sends the routing status, which the API requires; `closed` leaves tasks in wrap-up without it. */
async function setStatus(
  interaction: string,
  channelSid: string | undefined,
  status: 'inactive' | 'closed',
  routingStatus: 'wrapup' | 'closed' | undefined,
  call: Call
): Promise<Outcome> {
  if (status === 'inactive' && routingStatus === 'wrapup') {
    throw fault('bad_value', 'an inactive channel keeps no task in wrap-up: its tasks complete', {
      argument: 'routingStatus',
      found: 'wrapup',
      allowed: ['closed'],
      next: 'leave routingStatus out, or close instead'
    })
  }
  const { channel } = await contextOf(interaction, channelSid, call)
  const routing = status === 'inactive' || routingStatus === 'closed' ? { routing: { status: 'closed' } } : {}
  return one(await channel.update({ status, ...routing }))
}
