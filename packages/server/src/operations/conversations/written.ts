import { InvalidRequest } from '@ringdown/contract/form'
import type { OperationId, OperationTypes } from '@ringdown/contract/generated/operations'
import { checkedAddress } from '@ringdown/engine/conversations/address'
import type { Place } from '@ringdown/engine/conversations/lookup'
import type {
  ChatServiceRow,
  ConversationConfigurationRow,
  ConversationRow,
  MessageRow,
  ParticipantRow,
  UserRow
} from '@ringdown/engine/conversations/rows'
import { notFound } from '@ringdown/engine/routing/lookup'
import type { Ledger } from '../../commit/ledger.ts'
import type { PageQuery } from '../../store/store.ts'
import type { AnyCall, Context, Handlers, Listed } from '../handler.ts'
import { coldPage, pageOf, shownPage } from '../listing.ts'
import { agreed } from './pre-webhook.ts'
import { conversationOf, messageOf, participantOf, userOf } from './reading.ts'
import {
  shownConversation,
  shownMessage,
  shownParticipant,
  shownParticipantConversation,
  shownRole,
  shownServiceConfiguration,
  shownUser
} from './shown.ts'
import { webhookHandlers } from './webhooks.ts'

/*
 * Conversations has each of its resources twice: at the root, which is the account's default service, and below a
 * service. One function does both; the path says where it stands (reference conversations 3).
 */

type Params<Id extends OperationId> = OperationTypes[Id]['params']
type Page = Pick<AnyCall, 'page'>
/** A path at the root or below a service. */
type In<P = object> = P & Place
type OfConversation = In<{ readonly conversation_sid: string }>
type One = { readonly sid: string }

// Account and services

async function configurationOf({ state, execute }: Context): Promise<ConversationConfigurationRow> {
  const present = state.find('conversation_configuration', state.account_sid)
  return present ?? (await execute({ type: 'conversations.setup' })).conversation_configuration
}

/** The service that a path names, or the account's default one. */
async function serviceOf(context: Context, sid: string | undefined): Promise<ChatServiceRow> {
  const named = sid ?? (await configurationOf(context)).default_chat_service_sid
  return context.state.find('chat_service', named) ?? notFound(`/Services/${named}`)
}

const account = {
  'conversations_v1.FetchConfiguration': (_call, context) => configurationOf(context),

  async 'conversations_v1.UpdateConfiguration'({ params }, { execute }) {
    return (await execute({ type: 'conversation_configuration.update', ...params })).conversation_configuration
  },

  async 'conversations_v1.ListService'({ page }, context) {
    const { account_sid } = await configurationOf(context)
    return pageOf({ table: context.state.tables.chat_service, index: 'account_sid', key: account_sid }, page)
  },

  async 'conversations_v1.CreateService'({ params }, { execute }) {
    return (await execute({ type: 'chat_service.create', ...params })).chat_service
  },

  'conversations_v1.FetchService': ({ path }, context) => serviceOf(context, path.sid),

  async 'conversations_v1.DeleteService'({ path }, { execute }) {
    await execute({ type: 'chat_service.delete', ...path })
  },

  async 'conversations_v1.FetchServiceConfiguration'({ path }, context) {
    return shownServiceConfiguration(await serviceOf(context, path.chat_service_sid))
  }
} satisfies Handlers

// Roles

async function listRoles({ path, page }: { path: In } & Page, context: Context) {
  const { sid } = await serviceOf(context, path.chat_service_sid)
  const listed = pageOf({ table: context.state.tables.role, index: 'chat_service_sid', key: sid }, page)
  return shownPage(listed, (row) => shownRole(context.state, row))
}

async function fetchRole({ path }: { path: In<One> }, context: Context) {
  const { sid: chat_service_sid } = await serviceOf(context, path.chat_service_sid)
  const row = context.state.find('role', path.sid)
  return row?.chat_service_sid === chat_service_sid ? shownRole(context.state, row) : notFound(`/Roles/${path.sid}`)
}

// Conversations

async function listConversations(
  { path, params, page }: { path: In; params: Params<'conversations_v1.ListConversation'> } & Page,
  context: Context
) {
  const { sid } = await serviceOf(context, path.chat_service_sid)
  const { state, start_date, end_date } = params
  const where: PageQuery['where'] = [
    ['chat_service_sid', '=', sid],
    ...(state === undefined ? [] : [['state', '=', state] as const]),
    ...(start_date === undefined ? [] : [['date_created', '>=', Date.parse(start_date)] as const]),
    ...(end_date === undefined ? [] : [['date_created', '<', Date.parse(end_date) + msPerDay] as const])
  ]
  const listed = await coldPage<ConversationRow>(context.ledger, page, {
    kind: 'conversation',
    where,
    order: ['seq'],
    descending: true
  })
  return shownPage(listed, (row) => shownConversation(context.state, row))
}

const msPerDay = 86_400_000

async function createConversation(
  { path, params }: { path: In; params: Params<'conversations_v1.CreateConversation'> },
  context: Context
) {
  const { conversation } = await agreed(context, { type: 'conversation.create', ...asked(params), ...path })
  return shownConversation(context.state, conversation)
}

async function createConversationWithParticipants(
  { path, params }: { path: In; params: Params<'conversations_v1.CreateConversationWithParticipants'> },
  context: Context
) {
  const { conversation } = await agreed(context, {
    type: 'conversation.create_with_participants',
    ...asked(params),
    ...path
  })
  return shownConversation(context.state, conversation)
}

async function fetchConversation({ path }: { path: In<One> }, context: Context) {
  return shownConversation(context.state, await conversationOf(context, path.sid, path))
}

async function updateConversation(
  { path, params }: { path: In<One>; params: Params<'conversations_v1.UpdateConversation'> },
  context: Context
) {
  const { conversation } = await agreed(context, { type: 'conversation.update', ...asked(params), ...path })
  return shownConversation(context.state, conversation)
}

async function deleteConversation({ path, params }: { path: In<One>; params: Asked }, context: Context) {
  // Webhooks of a closed conversation are told of its end, and are found by its SID only.
  const { sid } = params.x_twilio_webhook_enabled ? await conversationOf(context, path.sid, path) : path
  await agreed(context, { type: 'conversation.delete', ...asked(params), ...path, sid })
}

// Participants

async function listParticipants({ path, page }: { path: OfConversation } & Page, context: Context) {
  const { sid } = await conversationOf(context, path.conversation_sid, path)
  const query = { kind: 'participant', where: [['conversation_sid', '=', sid]], order: ['seq'] } as const
  return shownPage(await coldPage<ParticipantRow>(context.ledger, page, query), (row) =>
    shownParticipant(context.state, row)
  )
}

async function createParticipant(
  { path, params }: { path: OfConversation; params: Params<'conversations_v1.CreateConversationParticipant'> },
  context: Context
) {
  const { participant } = await agreed(context, { type: 'participant.create', ...asked(params), ...path })
  return shownParticipant(context.state, participant)
}

async function fetchParticipant({ path }: { path: OfConversation & One }, context: Context) {
  const conversation = await conversationOf(context, path.conversation_sid, path)
  return shownParticipant(context.state, await participantOf(context, conversation, path.sid, path))
}

async function updateParticipant(
  { path, params }: { path: OfConversation & One; params: Params<'conversations_v1.UpdateConversationParticipant'> },
  context: Context
) {
  const { participant } = await agreed(context, { type: 'participant.update', ...asked(params), ...path })
  return shownParticipant(context.state, participant)
}

async function deleteParticipant({ path, params }: { path: OfConversation & One; params: Asked }, context: Context) {
  await agreed(context, { type: 'participant.delete', ...asked(params), ...path })
}

// Messages

async function listMessages(
  { path, params, page }: { path: OfConversation; params: Params<'conversations_v1.ListConversationMessage'> } & Page,
  context: Context
) {
  const { sid } = await conversationOf(context, path.conversation_sid, path)
  const query = {
    kind: 'message',
    where: [['conversation_sid', '=', sid]],
    order: ['index'],
    descending: params.order === 'desc'
  } as const
  return shownPage(await coldPage<MessageRow>(context.ledger, page, query), (row) => shownMessage(context.state, row))
}

async function createMessage(
  { path, params }: { path: OfConversation; params: Params<'conversations_v1.CreateConversationMessage'> },
  context: Context
) {
  const { message } = await agreed(context, { type: 'message.create', ...asked(params), ...path })
  return shownMessage(context.state, message)
}

async function fetchMessage({ path }: { path: OfConversation & One }, context: Context) {
  const conversation = await conversationOf(context, path.conversation_sid, path)
  return shownMessage(context.state, await messageOf(context, conversation, path.sid, path))
}

async function updateMessage(
  { path, params }: { path: OfConversation & One; params: Params<'conversations_v1.UpdateConversationMessage'> },
  context: Context
) {
  const { message } = await agreed(context, { type: 'message.update', ...asked(params), ...path })
  return shownMessage(context.state, message)
}

async function deleteMessage({ path, params }: { path: OfConversation & One; params: Asked }, context: Context) {
  await agreed(context, { type: 'message.delete', ...asked(params), ...path })
}

// Users

async function listUsers({ path, page }: { path: In } & Page, context: Context) {
  const { sid } = await serviceOf(context, path.chat_service_sid)
  const query = { kind: 'user', where: [['chat_service_sid', '=', sid]], order: ['seq'] } as const
  return shownPage(await coldPage<UserRow>(context.ledger, page, query), (row) => shownUser(context.state, row))
}

async function createUser(
  { path, params }: { path: In; params: Params<'conversations_v1.CreateUser'> },
  { state, execute }: Context
) {
  const { user } = await execute({ type: 'user.create', ...asked(params), ...path })
  return shownUser(state, user)
}

async function fetchUser({ path }: { path: In<One> }, context: Context) {
  return shownUser(context.state, await userOf(context, path.sid, path))
}

async function updateUser(
  { path, params }: { path: In<One>; params: Params<'conversations_v1.UpdateUser'> },
  context: Context
) {
  const { user } = await agreed(context, { type: 'user.update', ...asked(params), ...path })
  return shownUser(context.state, user)
}

async function deleteUser({ path, params }: { path: In<One>; params: Asked }, { execute }: Context) {
  await execute({ type: 'user.delete', ...asked(params), ...path })
}

// Whose conversations somebody is in

/** By identity or by address, in every state, newest first (reference conversations 10). */
async function listParticipantConversations(
  { path, params, page }: { path: In; params: Params<'conversations_v1.ListParticipantConversation'> } & Page,
  { state, ledger }: Context
) {
  const { identity, address } = params
  if ((identity === undefined) === (address === undefined))
    throw new InvalidRequest('One of Identity and Address is expected')
  const key =
    identity === undefined
      ? (['address', '=', checkedAddress(address ?? '')] as const)
      : (['identity', '=', identity] as const)
  const listed = await coldPage<ParticipantRow>(ledger, page, {
    kind: 'participant',
    where: [key],
    order: ['seq'],
    descending: true
  })
  const sids = [...new Set(listed.items.map((row) => row.conversation_sid))]
  const found = await ledger.page({
    kind: 'conversation',
    where: [['sid', 'in', sids]],
    order: ['seq'],
    descending: false,
    limit: sids.length
  })
  const conversations = new Map((found as ConversationRow[]).map((row) => [row.sid, row])) // rows of that kind
  const users = identity === undefined ? [] : await usersOf(ledger, identity, conversations.values())
  const { chat_service_sid } = path
  const items = listed.items.flatMap((participant) => {
    const conversation = conversations.get(participant.conversation_sid)
    if (!conversation || (chat_service_sid !== undefined && conversation.chat_service_sid !== chat_service_sid))
      return []
    const user = users.find((one) => one.chat_service_sid === conversation.chat_service_sid)
    return [shownParticipantConversation(state, participant, conversation, user)]
  })
  return { ...listed, items } satisfies Listed<unknown>
}

/** Who an identity is in the services of these conversations. */
async function usersOf(ledger: Ledger, identity: string, conversations: Iterable<ConversationRow>): Promise<UserRow[]> {
  const services = new Set([...conversations].map((conversation) => conversation.chat_service_sid))
  const found = await Promise.all(
    [...services].map((chat_service_sid) => ledger.find('user', { chat_service_sid, identity }))
  )
  return found.flat() as UserRow[] // rows of that kind
}

// Parameters

interface Asked {
  readonly x_twilio_webhook_enabled?: boolean
}

/** The parameters of a command, and whether webhooks are to hear of it (reference conversations 1.2). */
function asked<P extends Asked>({
  x_twilio_webhook_enabled,
  ...params
}: P): Omit<P, keyof Asked> & { webhook_enabled?: boolean } {
  return x_twilio_webhook_enabled === undefined ? params : { ...params, webhook_enabled: x_twilio_webhook_enabled }
}

export const conversationsHandlers = {
  ...account,
  ...webhookHandlers,
  'conversations_v1.ListRole': listRoles,
  'conversations_v1.ListServiceRole': listRoles,
  'conversations_v1.FetchRole': fetchRole,
  'conversations_v1.FetchServiceRole': fetchRole,
  'conversations_v1.ListConversation': listConversations,
  'conversations_v1.ListServiceConversation': listConversations,
  'conversations_v1.CreateConversation': createConversation,
  'conversations_v1.CreateServiceConversation': createConversation,
  'conversations_v1.CreateConversationWithParticipants': createConversationWithParticipants,
  'conversations_v1.CreateServiceConversationWithParticipants': createConversationWithParticipants,
  'conversations_v1.FetchConversation': fetchConversation,
  'conversations_v1.FetchServiceConversation': fetchConversation,
  'conversations_v1.UpdateConversation': updateConversation,
  'conversations_v1.UpdateServiceConversation': updateConversation,
  'conversations_v1.DeleteConversation': deleteConversation,
  'conversations_v1.DeleteServiceConversation': deleteConversation,
  'conversations_v1.ListConversationParticipant': listParticipants,
  'conversations_v1.ListServiceConversationParticipant': listParticipants,
  'conversations_v1.CreateConversationParticipant': createParticipant,
  'conversations_v1.CreateServiceConversationParticipant': createParticipant,
  'conversations_v1.FetchConversationParticipant': fetchParticipant,
  'conversations_v1.FetchServiceConversationParticipant': fetchParticipant,
  'conversations_v1.UpdateConversationParticipant': updateParticipant,
  'conversations_v1.UpdateServiceConversationParticipant': updateParticipant,
  'conversations_v1.DeleteConversationParticipant': deleteParticipant,
  'conversations_v1.DeleteServiceConversationParticipant': deleteParticipant,
  'conversations_v1.ListConversationMessage': listMessages,
  'conversations_v1.ListServiceConversationMessage': listMessages,
  'conversations_v1.CreateConversationMessage': createMessage,
  'conversations_v1.CreateServiceConversationMessage': createMessage,
  'conversations_v1.FetchConversationMessage': fetchMessage,
  'conversations_v1.FetchServiceConversationMessage': fetchMessage,
  'conversations_v1.UpdateConversationMessage': updateMessage,
  'conversations_v1.UpdateServiceConversationMessage': updateMessage,
  'conversations_v1.DeleteConversationMessage': deleteMessage,
  'conversations_v1.DeleteServiceConversationMessage': deleteMessage,
  'conversations_v1.ListUser': listUsers,
  'conversations_v1.ListServiceUser': listUsers,
  'conversations_v1.CreateUser': createUser,
  'conversations_v1.CreateServiceUser': createUser,
  'conversations_v1.FetchUser': fetchUser,
  'conversations_v1.FetchServiceUser': fetchUser,
  'conversations_v1.UpdateUser': updateUser,
  'conversations_v1.UpdateServiceUser': updateUser,
  'conversations_v1.DeleteUser': deleteUser,
  'conversations_v1.DeleteServiceUser': deleteUser,
  'conversations_v1.ListParticipantConversation': listParticipantConversations,
  'conversations_v1.ListServiceParticipantConversation': listParticipantConversations
} satisfies Handlers
