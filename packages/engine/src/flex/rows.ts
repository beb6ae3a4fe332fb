import { nameForm } from '../name.ts'
import type { Row } from '../state/row.ts'
import type { KindDefinition } from '../state/table.ts'

/** A value of JSON, as a configuration holds it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** The account's Flex instance: one row, whose SID is the account's (reference flex 17). */
export interface FlexConfigurationRow extends Row {
  readonly account_sid: string
  readonly status: 'ok' | 'inprogress' | 'notstarted'
  readonly attributes: Json
  readonly taskrouter_workspace_sid: string
  readonly taskrouter_target_workflow_sid: string | null
  readonly taskrouter_target_taskqueue_sid: string | null
  readonly taskrouter_taskqueues: Json
  readonly taskrouter_skills: Json
  readonly taskrouter_worker_channels: Json
  readonly taskrouter_worker_attributes: Json
  readonly taskrouter_offline_activity_sid: string | null
  readonly runtime_domain: string | null
  readonly messaging_service_instance_sid: string
  readonly chat_service_instance_sid: string
  readonly flex_service_instance_sid: string
  readonly flex_instance_sid: string
  readonly ui_language: string | null
  readonly ui_attributes: Json
  readonly ui_dependencies: Json
  readonly ui_version: string | null
  readonly service_version: string | null
  readonly call_recording_enabled: boolean | null
  readonly call_recording_webhook_url: string | null
  readonly crm_enabled: boolean | null
  readonly crm_type: string | null
  readonly crm_callback_url: string | null
  readonly crm_fallback_url: string | null
  readonly crm_attributes: Json
  readonly public_attributes: Json
  readonly plugin_service_enabled: boolean | null
  readonly plugin_service_attributes: Json
  readonly integrations: Json
  readonly outbound_call_flows: Json
  readonly serverless_service_sids: Json
  readonly queue_stats_configuration: Json
  readonly notifications: Json
  readonly markdown: Json
  readonly flex_insights_hr: Json
  readonly flex_insights_drilldown: boolean | null
  readonly flex_url: string | null
  readonly channel_configs: Json
  readonly debugger_integration: Json
  readonly flex_ui_status_report: Json
  readonly agent_conv_end_methods: Json
  readonly citrix_voice_vdi: Json
  readonly offline_config: Json
}

export const flexChannelTypes = ['web', 'sms', 'facebook', 'whatsapp', 'line', 'custom'] as const
export const integrationTypes = ['studio', 'external', 'task'] as const

export interface FlexFlowRow extends Row {
  readonly account_sid: string
  readonly friendly_name: string
  readonly chat_service_sid: string
  readonly channel_type: (typeof flexChannelTypes)[number]
  readonly contact_identity: string | null
  readonly enabled: boolean
  readonly integration_type: (typeof integrationTypes)[number] | null
  /** Only what the integration's type has. */
  readonly integration: { readonly [name: string]: string | number | boolean }
  readonly long_lived: boolean
  readonly janitor_enabled: boolean
}

export const channelTypes = ['sms', 'whatsapp', 'web', 'chat', 'email', 'messenger', 'gbm', 'voice'] as const
export type ChannelType = (typeof channelTypes)[number]

/** Open while its channel can still be used, or one of its tasks lives. */
export type InteractionStatus = 'open' | 'closed'

/** `routing.properties` of a finished task: the task itself is forgotten after minutes (reference flex 4.6). */
export type TaskSnapshot = { readonly [name: string]: string | number | null }

export interface InteractionRow extends Row {
  readonly status: InteractionStatus
  readonly type: ChannelType
  readonly channel_sid: string
  /** The first task, and what it was when it ended. */
  readonly task_sid: string | null
  readonly ended_task: TaskSnapshot | null
  readonly interaction_context_sid: string | null
  readonly webhook_ttid: string | null
}

export type ChannelStatus = 'setup' | 'active' | 'failed' | 'closed' | 'inactive'

export interface InteractionChannelRow extends Row {
  readonly interaction_sid: string
  /** Follows the interaction's. */
  readonly interaction_status: InteractionStatus
  readonly type: ChannelType
  readonly status: ChannelStatus
  readonly error_code: number | null
  readonly error_message: string | null
  readonly initiated_by: 'customer' | 'agent' | 'api'
  /** The conversation; null for voice, and where none could be had. */
  readonly media_channel_sid: string | null
  readonly customer_address: string | null
  readonly customer_name: string | null
}

export type ParticipantType = 'supervisor' | 'customer' | 'external' | 'agent' | 'unknown'

/** Somebody who is in the channel now; who leaves is removed (reference flex 7, U3). */
export interface InteractionParticipantRow extends Row {
  readonly interaction_sid: string
  readonly channel_sid: string
  readonly interaction_status: InteractionStatus
  readonly type: ParticipantType
  readonly status: 'active' | 'wrapup'
  /** Wraps up after leaving through the API: that this one completes its task later does not end the channel. */
  readonly has_left: boolean
  /** Its participant in the conversation. */
  readonly participant_sid: string | null
  readonly task_sid: string | null
  readonly worker_sid: string | null
  readonly reservation_sid: string | null
}

export interface InviteRow extends Row {
  readonly interaction_sid: string
  readonly channel_sid: string
  readonly interaction_status: InteractionStatus
  readonly task_sid: string
  readonly ended_task: TaskSnapshot | null
  /** Of an invite that is accepted for the agent as soon as it is offered: who will join. */
  readonly auto_accept_identity: string | null
}

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
export interface InteractionWebhookRow extends Row {
  readonly account_sid: string
  readonly instance_sid: string
  /** `interaction`: for those that name it only. */
  readonly type: 'global' | 'interaction'
  readonly friendly_name: string | null
  readonly webhook_url: string
  readonly webhook_events: readonly InteractionWebhookEvent[]
  readonly webhook_method: 'GET' | 'POST'
}

export interface FlexKinds {
  flex_configuration: FlexConfigurationRow
  flex_flow: FlexFlowRow
  interaction: InteractionRow
  interaction_channel: InteractionChannelRow
  interaction_participant: InteractionParticipantRow
  invite: InviteRow
  interaction_webhook: InteractionWebhookRow
}

export function isUsable(channel: InteractionChannelRow): boolean {
  return channel.status === 'active' || channel.status === 'inactive'
}

export const flexKinds: { [K in keyof FlexKinds]: KindDefinition<FlexKinds[K]> } = {
  flex_configuration: {
    prefix: 'AC',
    columns: [
      'account_sid',
      'status',
      'attributes',
      'taskrouter_workspace_sid',
      'taskrouter_target_workflow_sid',
      'taskrouter_target_taskqueue_sid',
      'taskrouter_taskqueues',
      'taskrouter_skills',
      'taskrouter_worker_channels',
      'taskrouter_worker_attributes',
      'taskrouter_offline_activity_sid',
      'runtime_domain',
      'messaging_service_instance_sid',
      'chat_service_instance_sid',
      'flex_service_instance_sid',
      'flex_instance_sid',
      'ui_language',
      'ui_attributes',
      'ui_dependencies',
      'ui_version',
      'service_version',
      'call_recording_enabled',
      'call_recording_webhook_url',
      'crm_enabled',
      'crm_type',
      'crm_callback_url',
      'crm_fallback_url',
      'crm_attributes',
      'public_attributes',
      'plugin_service_enabled',
      'plugin_service_attributes',
      'integrations',
      'outbound_call_flows',
      'serverless_service_sids',
      'queue_stats_configuration',
      'notifications',
      'markdown',
      'flex_insights_hr',
      'flex_insights_drilldown',
      'flex_url',
      'channel_configs',
      'debugger_integration',
      'flex_ui_status_report',
      'agent_conv_end_methods',
      'citrix_voice_vdi',
      'offline_config'
    ]
  },
  flex_flow: {
    prefix: 'FO',
    columns: [
      'account_sid',
      'friendly_name',
      'chat_service_sid',
      'channel_type',
      'contact_identity',
      'enabled',
      'integration_type',
      'integration',
      'long_lived',
      'janitor_enabled'
    ],
    indexes: {
      account_sid: (row) => row.account_sid,
      contact: (row) => (row.contact_identity === null ? null : contactKey(row.channel_type, row.contact_identity))
    }
  },
  interaction: {
    prefix: 'KD',
    columns: ['status', 'type', 'channel_sid', 'task_sid', 'ended_task', 'interaction_context_sid', 'webhook_ttid']
  },
  interaction_channel: {
    prefix: 'UO',
    columns: [
      'interaction_sid',
      'interaction_status',
      'type',
      'status',
      'error_code',
      'error_message',
      'initiated_by',
      'media_channel_sid',
      'customer_address',
      'customer_name'
    ],
    indexes: {
      interaction_sid: (row) => row.interaction_sid,
      /** Channels that end with their conversation. */
      media_channel_sid: (row) => (isUsable(row) ? row.media_channel_sid : null)
    }
  },
  interaction_participant: {
    prefix: 'UT',
    columns: [
      'interaction_sid',
      'channel_sid',
      'interaction_status',
      'type',
      'status',
      'has_left',
      'participant_sid',
      'task_sid',
      'worker_sid',
      'reservation_sid'
    ],
    indexes: {
      channel_sid: (row) => row.channel_sid,
      reservation_sid: (row) => row.reservation_sid
    }
  },
  invite: {
    prefix: 'KG',
    columns: ['interaction_sid', 'channel_sid', 'interaction_status', 'task_sid', 'ended_task', 'auto_accept_identity'],
    indexes: {
      channel_sid: (row) => row.channel_sid,
      task_sid: (row) => row.task_sid
    }
  },
  interaction_webhook: {
    // Not two letters and hexadecimal digits, but a ttid (`interaction-webhook.ts`).
    prefix: 'flex_interactionwebhook_',
    columns: [
      'account_sid',
      'instance_sid',
      'type',
      'friendly_name',
      'webhook_url',
      'webhook_events',
      'webhook_method'
    ],
    indexes: { instance_sid: (row) => row.instance_sid }
  }
}

export function contactKey(channel_type: string, contact_identity: string): string {
  return nameForm(`${channel_type} ${contact_identity}`)
}
