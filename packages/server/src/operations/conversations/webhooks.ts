import type {
  ConversationsV1ConfigurationWebhookRow,
  ConversationsV1ServiceConversationScopedWebhookRow,
  ConversationsV1ServiceWebhookConfigurationRow
} from '@ringdown/contract/generated/conversations-v1'
import type { OperationId, OperationTypes } from '@ringdown/contract/generated/operations'
import type { State } from '@ringdown/engine/center'
import type { Place } from '@ringdown/engine/conversations/lookup'
import type {
  ConfigurationWebhookRow,
  ScopedTarget,
  ScopedWebhookRow,
  ServiceWebhookConfigurationRow
} from '@ringdown/engine/conversations/rows'
import { notFound } from '@ringdown/engine/core/parameters'
import type { AnyCall, Context, Handlers } from '../handler.ts'
import { coldPage, shownPage } from '../listing.ts'
import { conversationOf, scopedWebhookOf } from './reading.ts'

type Params<Id extends OperationId> = OperationTypes[Id]['params']
type OfConversation = Place & { readonly conversation_sid: string }
type One = OfConversation & { readonly sid: string }

// The account's and the services' (reference conversations 16)

const configured = {
  'conversations_v1.FetchConfigurationWebhook': (_call, { state }) =>
    shownWebhook(state, state.find('configuration_webhook', state.account_sid)),

  async 'conversations_v1.UpdateConfigurationWebhook'({ params }, { state, execute }) {
    const { configuration_webhook } = await execute({ type: 'configuration_webhook.update', ...params })
    return shownWebhook(state, configuration_webhook)
  },

  'conversations_v1.FetchServiceWebhookConfiguration'({ path: { chat_service_sid } }, { state }) {
    if (!state.find('chat_service', chat_service_sid)) notFound(`/Services/${chat_service_sid}`)
    return shownServiceWebhook(state, chat_service_sid, state.find('service_webhook_configuration', chat_service_sid))
  },

  async 'conversations_v1.UpdateServiceWebhookConfiguration'({ path, params }, { state, execute }) {
    const { service_webhook_configuration } = await execute({
      type: 'service_webhook_configuration.update',
      ...params,
      ...path
    })
    return shownServiceWebhook(state, path.chat_service_sid, service_webhook_configuration)
  }
} satisfies Handlers

/** A configuration that nobody has touched is there as well: it asks nobody and tells nobody. */
const untouched = { method: 'POST', filters: null, pre_webhook_url: null, post_webhook_url: null } as const

function shownWebhook(
  { account_sid }: State,
  row: ConfigurationWebhookRow | undefined
): ConversationsV1ConfigurationWebhookRow {
  return { target: 'webhook', ...(row ?? untouched), account_sid }
}

function shownServiceWebhook(
  { account_sid }: State,
  chat_service_sid: string,
  row: ServiceWebhookConfigurationRow | undefined
): ConversationsV1ServiceWebhookConfigurationRow {
  return { ...(row ?? untouched), account_sid, chat_service_sid }
}

// A conversation's (reference conversations 15)

async function listScopedWebhooks({ path, page }: { path: OfConversation } & Pick<AnyCall, 'page'>, context: Context) {
  const { sid } = await conversationOf(context, path.conversation_sid, path)
  const query = {
    kind: 'conversation_scoped_webhook',
    where: [['conversation_sid', '=', sid]],
    order: ['seq']
  } as const
  const listed = await coldPage<ScopedWebhookRow>(context.ledger, page, query)
  return shownPage(listed, (row) => shownScopedWebhook(context.state, row))
}

async function createScopedWebhook(
  { path, params }: { path: OfConversation; params: Params<'conversations_v1.CreateConversationScopedWebhook'> },
  { state, execute }: Context
) {
  const command = { type: 'conversation_scoped_webhook.create', ...params, ...path } as const
  return shownScopedWebhook(state, (await execute(command)).conversation_scoped_webhook)
}

async function fetchScopedWebhook({ path }: { path: One }, context: Context) {
  const conversation = await conversationOf(context, path.conversation_sid, path)
  return shownScopedWebhook(context.state, await scopedWebhookOf(context, conversation, path.sid, path))
}

async function updateScopedWebhook(
  { path, params }: { path: One; params: Params<'conversations_v1.UpdateConversationScopedWebhook'> },
  { state, execute }: Context
) {
  const command = { type: 'conversation_scoped_webhook.update', ...params, ...path } as const
  return shownScopedWebhook(state, (await execute(command)).conversation_scoped_webhook)
}

async function deleteScopedWebhook({ path }: { path: One }, { execute }: Context) {
  await execute({ type: 'conversation_scoped_webhook.delete', ...path })
}

function shownScopedWebhook(
  { account_sid }: State,
  row: ScopedWebhookRow
): ConversationsV1ServiceConversationScopedWebhookRow {
  return { ...row, account_sid, configuration: configurationOf(row) }
}

/** What each target shows always; what else was given is shown as well. */
const always = {
  webhook: ['url', 'method', 'filters'],
  trigger: ['url', 'method', 'triggers'],
  studio: ['flow_sid']
} as const satisfies Record<ScopedTarget, readonly string[]>

function configurationOf(row: ScopedWebhookRow): Readonly<Record<string, unknown>> {
  const whole = {
    url: row.configuration_url,
    method: row.configuration_method,
    filters: row.configuration_filters,
    triggers: row.configuration_triggers,
    flow_sid: row.configuration_flow_sid,
    replay_after: row.configuration_replay_after
  }
  const names: readonly string[] = always[row.target]
  return Object.fromEntries(Object.entries(whole).filter(([name, value]) => names.includes(name) || value !== null))
}

export const webhookHandlers = {
  ...configured,
  'conversations_v1.ListConversationScopedWebhook': listScopedWebhooks,
  'conversations_v1.ListServiceConversationScopedWebhook': listScopedWebhooks,
  'conversations_v1.CreateConversationScopedWebhook': createScopedWebhook,
  'conversations_v1.CreateServiceConversationScopedWebhook': createScopedWebhook,
  'conversations_v1.FetchConversationScopedWebhook': fetchScopedWebhook,
  'conversations_v1.FetchServiceConversationScopedWebhook': fetchScopedWebhook,
  'conversations_v1.UpdateConversationScopedWebhook': updateScopedWebhook,
  'conversations_v1.UpdateServiceConversationScopedWebhook': updateScopedWebhook,
  'conversations_v1.DeleteConversationScopedWebhook': deleteScopedWebhook,
  'conversations_v1.DeleteServiceConversationScopedWebhook': deleteScopedWebhook
} satisfies Handlers
