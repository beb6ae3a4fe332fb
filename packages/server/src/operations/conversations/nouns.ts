import { configurationAddressOf } from '@ringdown/engine/conversations/configuration-address'
import { credentialOf } from '@ringdown/engine/conversations/credential'
import type { ChatServiceRow, ConversationConfigurationRow } from '@ringdown/engine/conversations/rows'
import { noNotifications } from '@ringdown/engine/conversations/service-notification'
import { nameForm } from '@ringdown/engine/core/names'
import { notFound } from '@ringdown/engine/core/parameters'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'
import {
  conversationOf,
  type In,
  inConversation,
  type OfConversation,
  type OfMessage,
  participantOf,
  receiptOf,
  userOf
} from './cold-lookup.ts'
import { agreed } from './pre-webhook.ts'
import {
  representBinding,
  representConfigurationAddress,
  representConfigurationWebhook,
  representConversation,
  representCredential,
  representMessage,
  representParticipant,
  representReceipt,
  representRole,
  representScopedWebhook,
  representServiceConfiguration,
  representServiceNotification,
  representServiceWebhook,
  representUser
} from './representation.ts'

/** Whether webhooks are to hear of a command (reference conversations 1.2). */
const renamed = { x_twilio_webhook_enabled: 'webhook_enabled' }

const configuration = noun({
  kind: 'conversation_configuration',
  find: (context) => configurationOf(context)
})

const service = noun({
  kind: 'chat_service',
  find: (context, { sid }: One) => serviceOf(context, sid),
  rows: async (context) => ({ index: 'account_sid', key: (await configurationOf(context)).account_sid })
})

const serviceConfiguration = noun({
  kind: 'chat_service',
  find: (context, { chat_service_sid }: In) => serviceOf(context, chat_service_sid),
  represent: (_state, row) => representServiceConfiguration(row),
  commands: { update: 'chat_service_configuration.update' }
})

const serviceNotification = noun({
  kind: 'service_notification',
  find: async (context, { chat_service_sid }: { readonly chat_service_sid: string }) => {
    const { sid } = await serviceOf(context, chat_service_sid)
    return context.state.find('service_notification', sid) ?? { ...noNotifications, chat_service_sid: sid }
  },
  represent: representServiceNotification
})

const serviceBinding = noun({
  kind: 'service_binding',
  find: async (context, { chat_service_sid, sid }: One & { readonly chat_service_sid: string }) => {
    await serviceOf(context, chat_service_sid)
    const [row] = await context.ledger.find('service_binding', { chat_service_sid, sid })
    return row ?? notFound(`/Services/${chat_service_sid}/Bindings/${sid}`)
  },
  rows: async (context, { chat_service_sid }: { readonly chat_service_sid: string }, params) => ({
    where: [
      ['chat_service_sid', '=', (await serviceOf(context, chat_service_sid)).sid],
      ...bindingFilters(params as BindingFilters) // as: they are the parameters of that list
    ],
    order: ['seq']
  }),
  represent: representBinding
})

interface BindingFilters {
  readonly binding_type?: readonly string[]
  readonly identity?: readonly string[]
}

function bindingFilters({ binding_type, identity }: BindingFilters): ColdQuery['where'] {
  return [
    ...(binding_type === undefined ? [] : [['binding_type', 'in', binding_type] as const]),
    ...(identity === undefined ? [] : [['identity', 'in', identity.map(nameForm)] as const])
  ]
}

const credential = noun({
  kind: 'credential',
  find: ({ state }, { sid }: One) => credentialOf(state, sid),
  rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
  represent: (_state, row) => representCredential(row)
})

const configurationAddress = noun({
  kind: 'configuration_address',
  find: ({ state }, { sid }: One) => configurationAddressOf(state, sid),
  rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
  represent: representConfigurationAddress,
  // A command has a type of its own.
  renamed: { type: 'address_type' }
})

/** A webhook configuration that nobody has touched is there as well: it asks nobody and tells nobody. */
const untouched = { method: 'POST', filters: null, pre_webhook_url: null, post_webhook_url: null } as const

const configurationWebhook = noun({
  kind: 'configuration_webhook',
  find: ({ state }) => state.find('configuration_webhook', state.account_sid) ?? untouched,
  represent: representConfigurationWebhook
})

const serviceWebhookConfiguration = noun({
  kind: 'service_webhook_configuration',
  find: ({ state }, { chat_service_sid }: { readonly chat_service_sid: string }) => {
    if (!state.find('chat_service', chat_service_sid)) notFound(`/Services/${chat_service_sid}`)
    return state.find('service_webhook_configuration', chat_service_sid) ?? { ...untouched, chat_service_sid }
  },
  represent: representServiceWebhook
})

const role = noun({
  kind: 'role',
  find: async (context, { chat_service_sid, sid }: In<One>) => {
    const { sid: service_sid } = await serviceOf(context, chat_service_sid)
    const row = context.state.find('role', sid)
    return row?.chat_service_sid === service_sid ? row : notFound(`/Roles/${sid}`)
  },
  rows: async (context, { chat_service_sid }: In) => ({
    index: 'chat_service_sid',
    key: (await serviceOf(context, chat_service_sid)).sid
  }),
  represent: representRole,
  // A command has a type of its own.
  renamed: { type: 'role_type' },
  agreed
})

const conversation = noun({
  kind: 'conversation',
  find: (context, path: In<One>) => conversationOf(context, path.sid, path),
  rows: async (context, { chat_service_sid }: In, params) => ({
    where: [
      ['chat_service_sid', '=', (await serviceOf(context, chat_service_sid)).sid],
      ...conversationFilters(params as ConversationFilters) // as: they are the parameters of that list
    ],
    order: ['seq'],
    descending: true
  }),
  represent: representConversation,
  renamed,
  agreed
})

interface ConversationFilters {
  readonly state?: string
  /** `YYYY-MM-DD` */
  readonly start_date?: string
  readonly end_date?: string
}

/** Both days are part of the time that is asked for. */
function conversationFilters({ state, start_date, end_date }: ConversationFilters): ColdQuery['where'] {
  return [
    ...(state === undefined ? [] : [['state', '=', state] as const]),
    ...(start_date === undefined ? [] : [['date_created', '>=', Date.parse(start_date)] as const]),
    ...(end_date === undefined ? [] : [['date_created', '<', Date.parse(end_date) + msPerDay] as const])
  ]
}

const msPerDay = 86_400_000

const conversationWithParticipants = noun({
  kind: 'conversation',
  commands: { create: 'conversation.create_with_participants' },
  represent: representConversation,
  renamed,
  agreed
})

const participant = noun({
  kind: 'participant',
  find: participantOf,
  rows: inConversationBy('seq'),
  represent: representParticipant,
  renamed,
  agreed
})

const message = noun({
  kind: 'message',
  find: (context, path: OfConversation & One) => inConversation(context, 'message', 'Messages', path),
  rows: inConversationBy('index'),
  represent: representMessage,
  renamed,
  agreed
})

const receipt = noun({
  kind: 'message_receipt',
  find: receiptOf,
  rows: async (context, { message_sid, ...path }: OfMessage) => ({
    where: [
      ['message_sid', '=', (await inConversation(context, 'message', 'Messages', { ...path, sid: message_sid })).sid]
    ],
    order: ['seq']
  }),
  represent: representReceipt
})

const scopedWebhook = noun({
  kind: 'conversation_scoped_webhook',
  find: (context, path: OfConversation & One) =>
    inConversation(context, 'conversation_scoped_webhook', 'Webhooks', path),
  rows: inConversationBy('seq'),
  represent: representScopedWebhook,
  agreed
})

const user = noun({
  kind: 'user',
  find: userOf,
  rows: async (context, { chat_service_sid }: In) => ({
    where: [['chat_service_sid', '=', (await serviceOf(context, chat_service_sid)).sid]],
    order: ['seq']
  }),
  represent: representUser,
  renamed,
  agreed
})

/** Resources that are there twice: at the root, for the account's default service, and below a service. */
const everywhere = {
  role,
  conversation,
  conversation_with_participants: conversationWithParticipants,
  conversation_participant: participant,
  conversation_message: message,
  conversation_message_receipt: receipt,
  conversation_scoped_webhook: scopedWebhook,
  user
}

/** Resources of Conversations whose operations follow the general rules (reference conversations 3 to 16). */
export const conversationsNouns: Readonly<Record<string, Noun>> = {
  configuration,
  configuration_address: configurationAddress,
  configuration_webhook: configurationWebhook,
  service,
  service_configuration: serviceConfiguration,
  service_notification: serviceNotification,
  service_binding: serviceBinding,
  credential,
  service_webhook_configuration: serviceWebhookConfiguration,
  ...everywhere,
  ...Object.fromEntries(Object.entries(everywhere).map(([resource, one]) => [`service_${resource}`, one]))
}

async function configurationOf({ state, execute }: Context): Promise<ConversationConfigurationRow> {
  const present = state.find('conversation_configuration', state.account_sid)
  return present ?? (await execute({ type: 'conversations.setup' })).conversation_configuration
}

/** The service that a path names, or the account's default one. */
async function serviceOf(context: Context, sid: string | undefined): Promise<ChatServiceRow> {
  const named = sid ?? (await configurationOf(context)).default_chat_service_sid
  return context.state.find('chat_service', named) ?? notFound(`/Services/${named}`)
}

/** What a conversation has, in the order of a column; `Order=desc` turns it round where a list knows that parameter. */
function inConversationBy(column: string) {
  return async (
    context: Context,
    path: OfConversation,
    { order }: Readonly<Record<string, unknown>>
  ): Promise<ColdQuery> => ({
    where: [['conversation_sid', '=', (await conversationOf(context, path.conversation_sid, path)).sid]],
    order: [column],
    descending: order === 'desc'
  })
}
