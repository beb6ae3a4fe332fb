import type { State } from '../center.ts'
import { checkUrl, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { warnOfUnknownEvents } from '../core/unknown-events.ts'
import type { EventRefs } from '../events.ts'
import { serviceOf } from './configuration.ts'
import { emitWebhook } from './events.ts'
import { conversationOf, editable, given, pathOf, type ServiceScope } from './lookup.ts'
import { type Origin, reachesWebhooks } from './origin.ts'
import type {
  ConfigurationAddressRow,
  ConfigurationWebhookRow,
  ConversationRow,
  ScopedTarget,
  ScopedWebhookRow,
  ServiceWebhookConfigurationRow,
  WebhookMethod
} from './rows.ts'

/** Webhooks of one conversation (reference conversations 15). */
const maxScopedWebhooks = 5

// For the account, and for a service (reference conversations 16)

export interface UpdateWebhooks {
  readonly method?: WebhookMethod
  /** Names of events; all of them are replaced. Unknown ones are kept, and never happen (reference conversations 24, U17). */
  readonly filters?: readonly string[]
  /** "" takes an address away. */
  readonly pre_webhook_url?: string
  readonly post_webhook_url?: string
}

const unset = { method: 'POST', filters: null, pre_webhook_url: null, post_webhook_url: null } as const

export function updateConfigurationWebhook(
  state: State,
  params: UpdateWebhooks & { readonly target?: 'webhook' | 'flex' }
): { configuration_webhook: ConfigurationWebhookRow } {
  const before = configurationWebhookOf(state)
  const configuration_webhook = state.change('configuration_webhook', before.sid, {
    ...changesOf(state, params, before),
    ...given({ target: params.target })
  })
  warnOf(state, { configuration_webhook }, 'Filters', params.filters)
  return { configuration_webhook }
}

/** The account's row, made where it is missing: that it is there says that webhooks may be wanted at all. */
function configurationWebhookOf(state: State): ConfigurationWebhookRow {
  const { account_sid, next_event } = state
  return (
    state.tables.configuration_webhook.find(account_sid) ??
    state.insert(
      'configuration_webhook',
      { account_sid, ...unset, target: 'webhook', since_event: next_event },
      account_sid
    )
  )
}

export function updateServiceWebhookConfiguration(
  state: State,
  params: UpdateWebhooks & { readonly chat_service_sid: string }
): { service_webhook_configuration: ServiceWebhookConfigurationRow } {
  const { sid } = serviceOf(state, params.chat_service_sid)
  const before =
    state.tables.service_webhook_configuration.find(sid) ??
    state.insert(
      'service_webhook_configuration',
      { chat_service_sid: sid, ...unset, since_event: state.next_event },
      sid
    )
  const changes = changesOf(state, params, before)
  const service_webhook_configuration = state.change('service_webhook_configuration', sid, changes)
  warnOf(state, { service_webhook_configuration }, 'Filters', params.filters)
  return { service_webhook_configuration }
}

type Configured = ConfigurationWebhookRow | ServiceWebhookConfigurationRow

function changesOf(state: State, params: UpdateWebhooks, before: Configured) {
  const { method, filters, pre_webhook_url, post_webhook_url } = params
  checkUrl(pre_webhook_url, 'PreWebhookUrl')
  checkUrl(post_webhook_url, 'PostWebhookUrl')
  const isFirst = before.post_webhook_url === null && Boolean(post_webhook_url)
  return given({
    method,
    filters,
    pre_webhook_url: cleared(pre_webhook_url),
    post_webhook_url: cleared(post_webhook_url),
    since_event: isFirst ? state.next_event : undefined
  })
}

// For one conversation (reference conversations 15)

export interface ScopedWebhookParams {
  readonly configuration_url?: string
  /** In any letter case. */
  readonly configuration_method?: string
  readonly configuration_filters?: readonly string[]
  readonly configuration_triggers?: readonly string[]
  readonly configuration_flow_sid?: string
}

export interface CreateScopedWebhook extends ScopedWebhookParams, ServiceScope {
  /** SID or unique name. */
  readonly conversation_sid: string
  readonly target: ScopedTarget
  /** Index of the first message that the webhook gets although the message was there before. */
  readonly configuration_replay_after?: number
}

export function createScopedWebhook(
  state: State,
  params: CreateScopedWebhook
): { conversation_scoped_webhook: ScopedWebhookRow } {
  const conversation = editable(state, params.conversation_sid, params)
  const { sid: conversation_sid } = conversation
  if (state.tables.conversation_scoped_webhook.count('conversation_sid', conversation_sid) >= maxScopedWebhooks) {
    refuse('too_many', `Conversation ${conversation_sid} has ${maxScopedWebhooks} Webhooks; more are not possible`)
  }
  const conversation_scoped_webhook = addScopedWebhook(state, conversation, {
    target: params.target,
    ...checkedConfiguration(params.target, blank, params),
    configuration_replay_after: params.configuration_replay_after ?? null
  })
  warnOf(state, { conversation_scoped_webhook }, 'Configuration.Filters', params.configuration_filters)
  return { conversation_scoped_webhook }
}

/** Attaches a webhook whose configuration is known to be whole. It is told of what happens from now on. */
function addScopedWebhook(
  state: State,
  { sid, chat_service_sid, state: conversation_state }: ConversationRow,
  columns: Configuration & Pick<ScopedWebhookRow, 'target' | 'configuration_replay_after'>
): ScopedWebhookRow {
  configurationWebhookOf(state)
  const webhook = state.insert('conversation_scoped_webhook', {
    chat_service_sid,
    conversation_sid: sid,
    conversation_state,
    ...columns,
    since_event: state.next_event
  })
  emitWebhook(state, state.tables.conversation.need(sid), webhook)
  return webhook
}

/** Attaches what the address to which a customer wrote wants to have told; nothing where it wants nothing. */
export function attachAutoCreation(
  state: State,
  conversation: ConversationRow,
  {
    auto_creation_type: target,
    auto_creation_webhook_url: configuration_url,
    auto_creation_webhook_method: configuration_method,
    auto_creation_webhook_filters: configuration_filters,
    auto_creation_studio_flow_sid: configuration_flow_sid
  }: ConfigurationAddressRow
): void {
  if (target === 'default') return
  const own =
    target === 'webhook'
      ? { configuration_url, configuration_method, configuration_filters }
      : { configuration_flow_sid }
  addScopedWebhook(state, conversation, { ...blank, target, configuration_replay_after: null, ...own })
}

export function updateScopedWebhook(
  state: State,
  params: ScopedWebhookParams & { readonly conversation_sid: string; readonly sid: string } & ServiceScope
): { conversation_scoped_webhook: ScopedWebhookRow } {
  const conversation = editable(state, params.conversation_sid, params)
  const before = scopedWebhookOf(state, conversation, params.sid, params)
  const changes = checkedConfiguration(before.target, before, params)
  const conversation_scoped_webhook = state.change('conversation_scoped_webhook', before.sid, changes)
  warnOf(state, { conversation_scoped_webhook }, 'Configuration.Filters', params.configuration_filters)
  return { conversation_scoped_webhook }
}

/** A closed conversation's webhooks can be taken away, like the conversation itself. */
export function deleteScopedWebhook(
  state: State,
  params: { readonly conversation_sid: string; readonly sid: string } & ServiceScope
): Record<string, never> {
  const conversation = conversationOf(state, params.conversation_sid, params)
  state.remove('conversation_scoped_webhook', scopedWebhookOf(state, conversation, params.sid, params).sid)
  return {}
}

function scopedWebhookOf(
  state: State,
  conversation: ConversationRow,
  sid: string,
  scope: ServiceScope
): ScopedWebhookRow {
  const row = state.tables.conversation_scoped_webhook.find(sid)
  if (row?.conversation_sid === conversation.sid) return row
  return notFound(pathOf(scope, `/Conversations/${conversation.sid}/Webhooks/${sid}`))
}

type Configuration = Pick<
  ScopedWebhookRow,
  | 'configuration_url'
  | 'configuration_method'
  | 'configuration_filters'
  | 'configuration_triggers'
  | 'configuration_flow_sid'
>

const blank: Configuration = {
  configuration_url: null,
  configuration_method: null,
  configuration_filters: null,
  configuration_triggers: null,
  configuration_flow_sid: null
}

/** What each target cannot do without; of all else it takes what it is given. */
const required = {
  webhook: ['configuration_url', 'configuration_filters'],
  trigger: ['configuration_url', 'configuration_triggers'],
  studio: ['configuration_flow_sid']
} as const satisfies Record<ScopedTarget, readonly (keyof Configuration)[]>

const wireNames = {
  configuration_url: 'Configuration.Url',
  configuration_filters: 'Configuration.Filters',
  configuration_triggers: 'Configuration.Triggers',
  configuration_flow_sid: 'Configuration.FlowSid'
} as const

/** The configuration after a change, or a refusal where the target cannot work with it. */
function checkedConfiguration(target: ScopedTarget, before: Configuration, params: ScopedWebhookParams): Configuration {
  checkUrl(params.configuration_url, 'Configuration.Url')
  const isCalled = target !== 'studio'
  const after: Configuration = {
    configuration_url: isCalled ? (params.configuration_url ?? before.configuration_url) : null,
    configuration_method: isCalled ? methodOf(params.configuration_method ?? before.configuration_method) : null,
    configuration_filters: params.configuration_filters ?? before.configuration_filters,
    configuration_triggers: target === 'trigger' ? wordsOf(params, before) : null,
    configuration_flow_sid: isCalled ? null : params.configuration_flow_sid || before.configuration_flow_sid
  }
  for (const column of required[target]) {
    if (!after[column] || after[column].length === 0)
      refuse('invalid', `A Webhook of target ${target} needs ${wireNames[column]}`)
  }
  return after
}

function methodOf(text: string | null): WebhookMethod {
  return text?.toUpperCase() === 'GET' ? 'GET' : 'POST'
}

function wordsOf(params: ScopedWebhookParams, before: Configuration): readonly string[] | null {
  return params.configuration_triggers?.filter((word) => word.trim() !== '') ?? before.configuration_triggers
}

/** Names that webhooks have for what happens, and before it happens (reference conversations 17.1). */
export const webhookEvents: readonly string[] = [
  ...['Conversation', 'Message', 'Participant'].flatMap((noun) =>
    ['Add', 'Added', 'Update', 'Updated', 'Remove', 'Removed'].map((verb) => `on${noun}${verb}`)
  ),
  'onConversationStateUpdated',
  'onDeliveryUpdated',
  'onUserAdded',
  'onUserUpdate',
  'onUserUpdated'
]

export function warnOf(state: State, rows: EventRefs, parameter: string, filters: readonly string[] | undefined): void {
  if (filters) warnOfUnknownEvents(state, rows, { parameter, names: filters, known: webhookEvents })
}

// What others need to know

/** Webhooks know their conversation's state: those of closed ones leave memory. */
export function followWebhooks(state: State, conversation: ConversationRow): void {
  for (const webhook of [...state.tables.conversation_scoped_webhook.by('conversation_sid', conversation.sid)]) {
    state.change('conversation_scoped_webhook', webhook.sid, { conversation_state: conversation.state })
  }
}

/**
 * The scoped webhooks that are called when the conversation is removed, as JSON text for its event: they are removed with
 * it, so nobody could look them up later. Nothing where there are none, as with most conversations.
 */
export function webhooksOfRemoval(
  state: State,
  conversation: ConversationRow,
  origin: Origin
): { readonly scoped_webhooks?: string } {
  if (!reachesWebhooks(origin)) return {}
  const wanting = [...state.tables.conversation_scoped_webhook.by('conversation_sid', conversation.sid)].filter(
    ({ target, configuration_filters }) =>
      target === 'webhook' && configuration_filters?.includes('onConversationRemoved')
  )
  if (wanting.length === 0) return {}
  const targets = wanting.map(({ sid, configuration_url, configuration_method }) => ({
    sid,
    configuration_url,
    configuration_method
  }))
  return { scoped_webhooks: JSON.stringify(targets) }
}
