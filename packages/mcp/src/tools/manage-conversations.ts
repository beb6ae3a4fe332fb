import { customersNotice } from '@ringdown/contract/masking'
import type { ConversationInstance, ConversationState } from 'twilio/lib/rest/conversations/v1/conversation.js'
import type { ParticipantConversationInstance } from 'twilio/lib/rest/conversations/v1/participantConversation.js'
import { type ErrorBody, explained, fault } from '../errors.ts'
import { conversationsOf } from '../names.ts'
import { paged } from '../pages.ts'
import { merged } from '../patch.ts'
import { type Outcome, pick, type Row, rowOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { timerChecked } from './conversations.ts'
import { deleted, fieldsArgument, pageArguments, pagingNames } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  conversationSid: { type: 'string', ref: 'conversation', description: 'SID or name' },
  chatServiceSid: { type: 'string', sid: ['IS'] },
  friendlyName: { type: 'string' },
  uniqueName: { type: 'string', clearable: true },
  state: { type: 'string', enum: ['active', 'inactive', 'closed'] },
  attributes: { type: 'object', description: 'replaces all' },
  patchAttributes: { type: 'object', description: 'merges; null removes' },
  messagingServiceSid: { type: 'string', sid: ['MG'] },
  timersInactive: { type: 'string', description: 'e.g. PT1H' },
  timersClosed: { type: 'string', description: 'e.g. P1D' },
  participants: { type: 'objects', max: 10, description: '{identity} or {address, proxyAddress}, at most 10' },
  identity: { type: 'string', description: 'list' },
  address: { type: 'string', description: 'list: e.g. whatsapp:+33…' },
  startDate: { type: 'string', description: 'list: 2026-01-31' },
  endDate: { type: 'string' },
  ...pageArguments,
  ...fieldsArgument
})
const on = actionsOn(args)
type Given = Values<typeof args>

const shownFields = [
  'conversationSid',
  'friendlyName',
  'uniqueName',
  'state',
  'attributes',
  'chatServiceSid',
  'messagingServiceSid',
  'timers',
  'dateCreated'
]
const settingNames = [
  'friendlyName',
  'uniqueName',
  'state',
  'attributes',
  'messagingServiceSid',
  'timersInactive',
  'timersClosed'
] as const

export const manageConversations: Tool = {
  name: 'manage_conversations',
  title: 'Manage conversations',
  description:
    "Conversations carry the messages of several parties across channels. create can add participants; list finds by state, dates, or a participant's identity or address. closed is final.",
  hints: hints('DO'),
  arguments: args,
  output: {
    conversations: [
      {
        conversationSid: 'string',
        friendlyName: 'string',
        uniqueName: 'string',
        state: 'string',
        attributes: 'object',
        chatServiceSid: 'string',
        messagingServiceSid: 'string',
        timers: 'object',
        dateCreated: 'string'
      }
    ]
  },
  actions: {
    create: on({
      write: true,
      optional: ['chatServiceSid', ...settingNames, 'participants'],
      unused: {
        identity: 'put it into participants: [{identity}]',
        address: 'put it into participants: [{address, proxyAddress}]',
        patchAttributes: 'a new conversation has nothing to merge with: give attributes'
      },
      run: createConversation
    }),
    get: on({
      write: false,
      required: ['conversationSid'],
      optional: ['chatServiceSid', 'fields'],
      run: async ({ conversationSid, chatServiceSid }, call) => {
        const row = rowFor(await conversationsOf(call.backend.client, chatServiceSid)(conversationSid).fetch())
        return { conversations: [pick(row, Object.keys(row), call.fields)] }
      }
    }),
    list: on({
      write: false,
      optional: ['chatServiceSid', 'state', 'identity', 'address', 'startDate', 'endDate', 'fields', ...pagingNames],
      run: (values, call) =>
        values.identity || values.address ? listOfParticipant(values, call) : listConversations(values, call)
    }),
    update: on({
      write: true,
      required: ['conversationSid'],
      optional: ['chatServiceSid', ...settingNames, 'patchAttributes'],
      change: [...settingNames, 'patchAttributes'],
      unused: { participants: 'manage_conversation_participants adds and removes them' },
      run: async (values, call) => {
        const conversation = conversationsOf(call.backend.client, values.chatServiceSid)(values.conversationSid)
        timersChecked(values)
        const attributes = await merged(call, values, () => conversation.fetch())
        const options = { ...settings(values), ...given({ attributes }) }
        return one(
          await explained(
            call,
            () => conversation.update(options),
            (api) => taken(api.code, values, call)
          )
        )
      }
    }),
    delete: on({
      write: true,
      required: ['conversationSid'],
      optional: ['chatServiceSid'],
      run: async ({ conversationSid, chatServiceSid }, call) => {
        await conversationsOf(call.backend.client, chatServiceSid)(conversationSid).remove()
        return { conversations: [deleted('conversationSid', conversationSid)] }
      }
    })
  }
}

const rowFor = (conversation: ConversationInstance): Row => rowOf(conversation, 'conversationSid')
const one = (conversation: ConversationInstance): Outcome => ({
  conversations: [pick(rowFor(conversation), shownFields)]
})

function timersChecked({ timersInactive, timersClosed }: Given): void {
  timerChecked('timersInactive', timersInactive, 1)
  timerChecked('timersClosed', timersClosed, 10)
}

function settings({ friendlyName, uniqueName, state, messagingServiceSid, timersInactive, timersClosed }: Given) {
  return given({
    friendlyName,
    uniqueName,
    state,
    messagingServiceSid,
    'timers.inactive': timersInactive,
    'timers.closed': timersClosed
  })
}

async function createConversation(values: Given, call: Call): Promise<Outcome> {
  const { participants, chatServiceSid } = values
  timersChecked(values)
  const options = { ...settings(values), ...given({ attributes: values.attributes?.text }) }
  const v1 = call.backend.client.conversations.v1
  if (!participants || participants.length === 0) {
    return one(
      await explained(
        call,
        () => conversationsOf(call.backend.client, chatServiceSid).create(options),
        (api) => taken(api.code, values, call)
      )
    )
  }
  // The service's form has the same parameters under another path; the SDK types them separately.
  const list = (
    chatServiceSid ? v1.services(chatServiceSid).conversationWithParticipants : v1.conversationWithParticipants
  ) as typeof v1.conversationWithParticipants
  // A number of ours that is seen makes those who have an address alone members of a group MMS.
  const isGroup = participants.some((one) => one.projectedAddress ?? one.projected_address)
  const participant = participants.map((member, index) =>
    JSON.stringify(native(member, `participants[${index}]`, isGroup))
  )
  const made = await explained(
    call,
    () => list.create({ ...options, participant }),
    (api) => taken(api.code, values, call)
  )
  return { conversations: [pick(rowOf(made, 'conversationSid'), shownFields)] }
}

/** A participant as the API takes it in bulk: an identity, or a messaging binding. */
function native(member: Readonly<Record<string, unknown>>, argument: string, isGroup: boolean): Row {
  const {
    identity,
    address,
    proxyAddress,
    proxy_address,
    projectedAddress,
    projected_address,
    messaging_binding,
    ...rest
  } = member
  const proxy = proxyAddress ?? proxy_address
  const projected = projectedAddress ?? projected_address
  if (messaging_binding) return member
  if (!identity && !address && !projected)
    throw fault('missing_argument', `${argument} needs {identity}, or {address, proxyAddress}`, {
      argument,
      next: 'give identity, or address and proxyAddress'
    })
  if (address && !proxy && !isGroup)
    throw fault('missing_argument', `${argument} needs the proxyAddress that its address writes to`, {
      argument,
      next: 'give proxyAddress: your own number or sender'
    })
  const binding = {
    ...(address ? { address } : {}),
    ...(proxy ? { proxy_address: proxy } : {}),
    ...(projected ? { projected_address: projected } : {})
  }
  return {
    ...(identity ? { identity } : {}),
    ...(Object.keys(binding).length > 0 ? { messaging_binding: binding } : {}),
    ...rest
  }
}

async function listConversations(values: Given, call: Call): Promise<Outcome> {
  const { chatServiceSid, state, startDate, endDate } = values
  const conversations = conversationsOf(call.backend.client, chatServiceSid)
  const filter = given({ state: state as ConversationState | undefined, startDate, endDate }) // the enum's three are the API's
  const show = (conversation: ConversationInstance) => pick(rowFor(conversation), shownFields, call.fields)
  const { rows, nextPageToken } = await paged(call, (page) => conversations.page({ ...page, ...filter }), show)
  return { conversations: rows, nextPageToken, notice: rows.length > 0 ? customersNotice : undefined }
}

/** The conversations of one party; the API has no other filter there, so state and dates are applied to each page. */
async function listOfParticipant(values: Given, call: Call): Promise<Outcome> {
  const { chatServiceSid, identity, address, state, startDate, endDate } = values
  if (identity && address)
    throw fault('bad_value', 'identity or address, not both', { argument: 'address', next: 'give identity or address' })
  const v1 = call.backend.client.conversations.v1
  // As above: one shape, two SDK types.
  const list = (
    chatServiceSid ? v1.services(chatServiceSid).participantConversations : v1.participantConversations
  ) as typeof v1.participantConversations
  const [first, last] = [startDate && Date.parse(startDate), endDate && Date.parse(endDate) + 86_400_000]
  const fits = (one: ParticipantConversationInstance): boolean =>
    (!state || one.conversationState === state) &&
    (!first || one.conversationDateCreated.getTime() >= first) &&
    (!last || one.conversationDateCreated.getTime() < last)
  const { rows, nextPageToken } = await paged(
    call,
    async (page) => {
      const { instances, nextPageUrl } = await list.page({
        ...page,
        pageSize: Math.min(page.pageSize, 50),
        ...given({ identity, address })
      })
      return { instances: instances.filter(fits), nextPageUrl }
    },
    (found) => pick(conversationIn(found), shownFields, call.fields)
  )
  return { conversations: rows, nextPageToken, notice: rows.length > 0 ? customersNotice : undefined }
}

/** The conversation's own properties out of a party's row: `conversationState` is `state`. */
function conversationIn(found: ParticipantConversationInstance): Row {
  const { conversationSid, chatServiceSid, ...row } = rowOf(found, 'sid', ['conversationAttributes'])
  const own = Object.entries(row).flatMap(([name, value]) => {
    const [, first, rest] = /^conversation([A-Z])(.*)$/.exec(name) ?? []
    return first ? [[`${first.toLowerCase()}${rest}`, value] as const] : []
  })
  return { conversationSid, ...Object.fromEntries(own), chatServiceSid }
}

async function taken(
  code: number,
  { uniqueName, chatServiceSid }: Given,
  call: Call
): Promise<Partial<ErrorBody> | undefined> {
  if (code !== 50353 || !uniqueName) return undefined
  const other = await conversationsOf(call.backend.client, chatServiceSid)(uniqueName).fetch()
  return {
    argument: 'uniqueName',
    next: `${uniqueName} is ${other.sid} (${other.state}): get it, or use another uniqueName`
  }
}
