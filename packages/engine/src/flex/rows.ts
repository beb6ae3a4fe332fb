import type { Json } from '../core/json.ts'
import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm, nameKey } from '../core/names.ts'

/** The account's Flex instance: one row, whose SID is the account's (reference flex 17). */
const flexConfigurationColumns = {
  account_sid: text(),
  status: text<'ok' | 'inprogress' | 'notstarted'>(),
  attributes: json<Json>(),
  taskrouter_workspace_sid: text(),
  taskrouter_target_workflow_sid: text<string | null>(),
  taskrouter_target_taskqueue_sid: text<string | null>(),
  taskrouter_taskqueues: json<Json>(),
  taskrouter_skills: json<Json>(),
  taskrouter_worker_channels: json<Json>(),
  taskrouter_worker_attributes: json<Json>(),
  taskrouter_offline_activity_sid: text<string | null>(),
  runtime_domain: text<string | null>(),
  messaging_service_instance_sid: text(),
  chat_service_instance_sid: text(),
  flex_service_instance_sid: text(),
  flex_instance_sid: text(),
  ui_language: text<string | null>(),
  ui_attributes: json<Json>(),
  ui_dependencies: json<Json>(),
  ui_version: text<string | null>(),
  service_version: text<string | null>(),
  call_recording_enabled: flag<boolean | null>(),
  call_recording_webhook_url: text<string | null>(),
  crm_enabled: flag<boolean | null>(),
  crm_type: text<string | null>(),
  crm_callback_url: text<string | null>(),
  crm_fallback_url: text<string | null>(),
  crm_attributes: json<Json>(),
  public_attributes: json<Json>(),
  plugin_service_enabled: flag<boolean | null>(),
  plugin_service_attributes: json<Json>(),
  integrations: json<Json>(),
  outbound_call_flows: json<Json>(),
  serverless_service_sids: json<Json>(),
  queue_stats_configuration: json<Json>(),
  notifications: json<Json>(),
  markdown: json<Json>(),
  flex_insights_hr: json<Json>(),
  flex_insights_drilldown: flag<boolean | null>(),
  flex_url: text<string | null>(),
  channel_configs: json<Json>(),
  debugger_integration: json<Json>(),
  flex_ui_status_report: json<Json>(),
  agent_conv_end_methods: json<Json>(),
  citrix_voice_vdi: json<Json>(),
  offline_config: json<Json>()
} as const
export type FlexConfigurationRow = RowOf<typeof flexConfigurationColumns>

export const flexChannelTypes = ['web', 'sms', 'facebook', 'whatsapp', 'line', 'custom'] as const
export const integrationTypes = ['studio', 'external', 'task'] as const

const flexFlowColumns = {
  account_sid: text(),
  friendly_name: text(),
  chat_service_sid: text(),
  channel_type: text<(typeof flexChannelTypes)[number]>(),
  contact_identity: text<string | null>(),
  enabled: flag(),
  integration_type: text<(typeof integrationTypes)[number] | null>(),
  /** Only what the integration's type has. */
  integration: json<{ readonly [name: string]: string | number | boolean }>(),
  long_lived: flag(),
  janitor_enabled: flag(),
  /** By which messages to its identity make conversations; null where none do. Older rows have none. */
  address_configuration_sid: text<string | null>()
} as const
export type FlexFlowRow = RowOf<typeof flexFlowColumns>

/** A chat that a program began by a flow (reference flex 14): its SID is its conversation's. */
const flexChatChannelColumns = {
  account_sid: text(),
  type: text<'chat' | 'web'>(),
  flex_flow_sid: text(),
  conversation_sid: text(),
  /** Follows the conversation's. */
  status: text<'active' | 'closed'>(),
  identity: text(),
  user_sid: text(),
  task_sid: text<string | null>(),
  long_lived: flag()
} as const
export type FlexChatChannelRow = RowOf<typeof flexChatChannelColumns>

export const channelTypes = [
  'sms',
  'whatsapp',
  'web',
  'chat',
  'email',
  'messenger',
  'instagram',
  'gbm',
  'voice'
] as const
export type ChannelType = (typeof channelTypes)[number]

/** Open while its channel can still be used, or one of its tasks lives. */
export type InteractionStatus = 'open' | 'closed'

/** `routing.properties` of a finished task: the task itself is forgotten after minutes (reference flex 4.6). */
export type TaskSnapshot = { readonly [name: string]: string | number | null }

const interactionColumns = {
  status: text<InteractionStatus>(),
  type: text<ChannelType>(),
  channel_sid: text(),
  /** The first task, and what it was when it ended. */
  task_sid: text<string | null>(),
  ended_task: json<TaskSnapshot | null>(),
  interaction_context_sid: text<string | null>(),
  webhook_ttid: text<string | null>()
} as const
export type InteractionRow = RowOf<typeof interactionColumns>

export type ChannelStatus = 'setup' | 'active' | 'failed' | 'closed' | 'inactive'

const interactionChannelColumns = {
  interaction_sid: text(),
  /** Follows the interaction's. */
  interaction_status: text<InteractionStatus>(),
  type: text<ChannelType>(),
  status: text<ChannelStatus>(),
  error_code: integer<number | null>(),
  error_message: text<string | null>(),
  initiated_by: text<'customer' | 'agent' | 'api'>(),
  /** The conversation; null for voice, and where none could be had. */
  media_channel_sid: text<string | null>(),
  customer_address: text<string | null>(),
  customer_name: text<string | null>(),
  /** The flow that began it. Older rows have none. */
  flex_flow_sid: text<string | null>()
} as const
export type InteractionChannelRow = RowOf<typeof interactionChannelColumns>

export type ParticipantType = 'supervisor' | 'customer' | 'external' | 'agent' | 'unknown'

/** Somebody who is in the channel now; who leaves is removed (reference flex 7, U3). */
const interactionParticipantColumns = {
  interaction_sid: text(),
  channel_sid: text(),
  interaction_status: text<InteractionStatus>(),
  type: text<ParticipantType>(),
  status: text<'active' | 'wrapup'>(),
  /** Wraps up after leaving through the API: that this one completes its task later does not end the channel. */
  has_left: flag(),
  /** Its participant in the conversation. */
  participant_sid: text<string | null>(),
  task_sid: text<string | null>(),
  worker_sid: text<string | null>(),
  reservation_sid: text<string | null>()
} as const
export type InteractionParticipantRow = RowOf<typeof interactionParticipantColumns>

const inviteColumns = {
  interaction_sid: text(),
  channel_sid: text(),
  interaction_status: text<InteractionStatus>(),
  task_sid: text(),
  ended_task: json<TaskSnapshot | null>(),
  /** Of an invite that is accepted for the agent as soon as it is offered: who will join. */
  auto_accept_identity: text<string | null>()
} as const
export type InviteRow = RowOf<typeof inviteColumns>

export const transferTypes = ['warm', 'cold', 'external'] as const

/** One agent hands a contact on, or has somebody join (reference flex 8.1). */
const interactionTransferColumns = {
  account_sid: text(),
  instance_sid: text(),
  interaction_sid: text(),
  channel_sid: text(),
  interaction_status: text<InteractionStatus>(),
  execution_sid: text<string | null>(),
  type: text<(typeof transferTypes)[number]>(),
  status: text<'active' | 'failed' | 'completed'>(),
  /** The participant who transfers, and the worker that it was. */
  from: text(),
  from_worker_sid: text<string | null>(),
  /** A worker, queue or workflow; an address or identity where it is somebody outside. */
  to: text(),
  /** The task by which the other is asked; null for somebody outside, who is not asked. */
  task_sid: text<string | null>(),
  note_sid: text<string | null>(),
  summary_sid: text<string | null>()
} as const
export type InteractionTransferRow = RowOf<typeof interactionTransferColumns>

/** What an interaction webhook can be told of (reference flex 9.2). */
export const interactionWebhookEvents = [
  'onInteractionCreated',
  'onChannelCreated',
  'onChannelCreateFailed',
  'onChannelStatusUpdated',
  'onParticipantJoined',
  'onParticipantUpdated',
  'onParticipantLeft'
] as const
export type InteractionWebhookEvent = (typeof interactionWebhookEvents)[number]

/** Its SID is what the API calls its ttid. */
const interactionWebhookColumns = {
  account_sid: text(),
  instance_sid: text(),
  /** `interaction`: for those that name it only. */
  type: text<'global' | 'interaction'>(),
  friendly_name: text<string | null>(),
  webhook_url: text(),
  webhook_events: json<readonly InteractionWebhookEvent[]>(),
  webhook_method: text<'GET' | 'POST'>()
} as const
export type InteractionWebhookRow = RowOf<typeof interactionWebhookColumns>

/** An offer that is accepted for its worker (`automation.ts`); gone in the next decision. */
const autoAcceptColumns = {
  workspace_sid: text(),
  reservation_sid: text(),
  // Timer
  accept_at: integer()
} as const
export type AutoAcceptRow = RowOf<typeof autoAcceptColumns>

/** The deadline of a reservation's wrap-up; gone with the wrap-up. What was configured when it began holds. */
const wrapUpColumns = {
  workspace_sid: text(),
  reservation_sid: text(),
  task_sid: text(),
  worker_sid: text(),
  began_at: integer(),
  /** Milliseconds; the second is what an extension adds, 0 for no end. */
  wrapup_time: integer(),
  extended_wrapup_time: integer(),
  allow_extended_wrapup: flag(),
  default_outcome: text<string | null>(),
  extended: flag(),
  // Timer
  /** Null while it has no end: the extension has none, or an outcome is missing. */
  ends_at: integer<number | null>()
} as const
export type WrapUpRow = RowOf<typeof wrapUpColumns>

/** A contact that its agent has put aside (`parking.ts`): what it was, so that it can be routed as before. Gone when it goes on. */
const parkedContactColumns = {
  workspace_sid: text(),
  worker_sid: text(),
  interaction_sid: text(),
  channel_sid: text(),
  conversation_sid: text(),
  /** By which the agent had it; that task is completed. */
  task_sid: text(),
  task_queue_sid: text<string | null>(),
  workflow_sid: text<string | null>(),
  task_channel_sid: text(),
  priority: integer(),
  /** Of the task, JSON text of an object. */
  attributes: text(),
  // Timer
  /** When it comes back by itself; null while it waits for the customer, or for its agent. */
  resume_at: integer<number | null>()
} as const
export type ParkedContactRow = RowOf<typeof parkedContactColumns>

export function isUsable(channel: InteractionChannelRow): boolean {
  return channel.status === 'active' || channel.status === 'inactive'
}

export const flexKinds = {
  flex_configuration: kind(flexConfigurationColumns, {
    prefix: 'AC'
  }),
  flex_flow: kind(flexFlowColumns, {
    prefix: 'FO',
    indexes: {
      account_sid: (row) => row.account_sid,
      contact: (row) => (row.contact_identity === null ? null : contactKey(row.channel_type, row.contact_identity)),
      address_configuration_sid: (row) => row.address_configuration_sid ?? null
    }
  }),
  flex_chat_channel: kind(flexChatChannelColumns, {
    prefix: 'CH',
    indexes: {
      conversation_sid: (row) => row.conversation_sid,
      /** Chats to which the same customer may come back. */
      contact: (row) =>
        row.status === 'active' && row.long_lived ? chatKey(row.type, row.flex_flow_sid, row.identity) : null
    },
    cold: {
      columns: ['seq', 'type', 'status', 'conversation_sid'],
      indexes: [['type', 'seq'], ['conversation_sid']],
      foundBy: ['sid'],
      resident: { column: 'status', values: ['active'] },
      under: { conversation_sid: 'conversation' }
    }
  }),
  interaction: kind(interactionColumns, {
    prefix: 'KD',
    cold: {
      columns: ['seq', 'status'],
      indexes: [['seq']],
      foundBy: ['sid'],
      resident: { column: 'status', values: ['open'] }
    }
  }),
  interaction_channel: kind(interactionChannelColumns, {
    prefix: 'UO',
    indexes: {
      interaction_sid: (row) => row.interaction_sid,
      /** Channels that end with their conversation. */
      media_channel_sid: (row) => (isUsable(row) ? row.media_channel_sid : null)
    },
    cold: {
      columns: ['seq', 'interaction_sid', 'interaction_status'],
      indexes: [['interaction_sid', 'seq']],
      foundBy: ['sid'],
      resident: { column: 'interaction_status', values: ['open'] }
    }
  }),
  interaction_participant: kind(interactionParticipantColumns, {
    prefix: 'UT',
    indexes: {
      channel_sid: (row) => row.channel_sid,
      reservation_sid: (row) => row.reservation_sid
    },
    cold: {
      columns: ['seq', 'channel_sid', 'interaction_status'],
      indexes: [['channel_sid', 'seq']],
      foundBy: ['sid'],
      resident: { column: 'interaction_status', values: ['open'] }
    }
  }),
  invite: kind(inviteColumns, {
    prefix: 'KG',
    indexes: {
      channel_sid: (row) => row.channel_sid,
      task_sid: (row) => row.task_sid
    },
    cold: {
      columns: ['seq', 'channel_sid', 'interaction_status'],
      indexes: [['channel_sid', 'seq']],
      resident: { column: 'interaction_status', values: ['open'] }
    }
  }),
  interaction_transfer: kind(interactionTransferColumns, {
    prefix: 'UX',
    indexes: {
      channel_sid: (row) => row.channel_sid,
      open_by_task: (row) => (row.status === 'active' ? row.task_sid : null),
      open_by_from: (row) => (row.status === 'active' ? row.from : null)
    },
    cold: {
      columns: ['seq', 'channel_sid', 'interaction_status'],
      indexes: [['channel_sid', 'seq']],
      foundBy: ['sid'],
      resident: { column: 'interaction_status', values: ['open'] }
    }
  }),
  interaction_webhook: kind(interactionWebhookColumns, {
    // Not two letters and hexadecimal digits, but a ttid (`interaction-webhook.ts`).
    prefix: 'flex_interactionwebhook_',
    indexes: { instance_sid: (row) => row.instance_sid }
  }),
  auto_accept: kind(autoAcceptColumns, {
    prefix: 'RA',
    timers: { accept_at: 'timer.auto_accept' }
  }),
  wrap_up: kind(wrapUpColumns, {
    prefix: 'RW',
    indexes: { reservation_sid: (row) => row.reservation_sid },
    timers: { ends_at: 'timer.wrap_up' }
  }),
  parked_contact: kind(parkedContactColumns, {
    prefix: 'PK',
    indexes: {
      worker_sid: (row) => row.worker_sid,
      channel_sid: (row) => row.channel_sid,
      conversation_sid: (row) => row.conversation_sid
    },
    timers: { resume_at: 'timer.parked_contact' }
  })
}

export function contactKey(channel_type: string, contact_identity: string): string {
  return nameForm(`${channel_type} ${contact_identity}`)
}

export function chatKey(type: 'chat' | 'web', flex_flow_sid: string, identity: string): string {
  return nameKey(`${type} ${flex_flow_sid}`, identity)
}
