import type { InteractionChannelInstance } from 'twilio/lib/rest/flexApi/v1/interaction/interactionChannel.js'
import { fault } from '../errors.ts'
import { paged } from '../pages.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool, type Values } from '../tool.ts'
import { channelOf, contactArguments, contactNames, contactOf } from './interactions.ts'
import { pageArguments, pagingNames } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['get', 'list', 'update', 'close'] },
  ...contactArguments,
  channelSid: { type: 'string', sid: ['UO'], description: 'default: the only one' },
  status: { type: 'string', enum: ['inactive', 'closed'] },
  routingStatus: { type: 'string', enum: ['wrapup', 'closed'], also: { wrapping: 'wrapup' } },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>
const shownFields = ['channelSid', 'interactionSid', 'type', 'status', 'errorCode', 'errorMessage']

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
      optional: [...contactNames, 'channelSid'],
      run: async (values, call) => {
        const { channel } = await contextOf(values, call)
        return one(await channel.fetch())
      }
    }),
    list: on({
      write: false,
      optional: [...contactNames, ...pagingNames],
      run: async (values, call) => {
        const { channels } = call.backend.client.flexApi.v1.interaction(await contactOf(values, call))
        const { rows, nextPageToken } = await paged(call, (page) => channels.page(page), shown)
        return { channels: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['status'],
      optional: [...contactNames, 'channelSid', 'routingStatus'],
      run: (values, call) => setStatus(values, values.status, call)
    }),
    close: on({
      write: true,
      optional: [...contactNames, 'channelSid', 'routingStatus'],
      unused: { status: 'close always sets closed: leave status out, or use action update' },
      run: (values, call) => setStatus(values, 'closed', call)
    })
  }
}

const shown = (channel: InteractionChannelInstance): Row => pick(rowOf(channel, 'channelSid'), shownFields)
const one = (channel: InteractionChannelInstance): Outcome => ({ channels: [shown(channel)] })

async function contextOf(values: Given, call: Call) {
  const sid = await contactOf(values, call)
  const { channels } = call.backend.client.flexApi.v1.interaction(sid)
  return { channel: channels(await channelOf(sid, values.channelSid, call)) }
}

/** `inactive` always sends the routing status, which the API requires; `closed` leaves tasks in wrap-up without it. */
async function setStatus(values: Given, status: 'inactive' | 'closed', call: Call): Promise<Outcome> {
  const { routingStatus } = values
  if (status === 'inactive' && routingStatus === 'wrapup') {
    throw fault('bad_value', 'an inactive channel keeps no task in wrap-up: its tasks complete', {
      argument: 'routingStatus',
      found: 'wrapup',
      allowed: ['closed'],
      next: 'leave routingStatus out, or close instead'
    })
  }
  const { channel } = await contextOf(values, call)
  const routing = status === 'inactive' || routingStatus === 'closed' ? { routing: { status: 'closed' } } : {}
  return one(await channel.update({ status, ...routing }))
}
