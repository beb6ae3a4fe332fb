import type { State } from '../center.ts'
import { checkLength, cleared } from '../core/parameters.ts'
import { serviceOf } from './configuration.ts'
import { given } from './lookup.ts'
import type { ServiceNotificationRow } from './rows.ts'

type Settings = Omit<
  ServiceNotificationRow,
  'sid' | 'seq' | 'version' | 'date_created' | 'date_updated' | 'chat_service_sid'
>

/** Nothing is pushed before somebody says so (reference conversations 4.4). */
export const noNotifications: Settings = {
  log_enabled: false,
  new_message_enabled: false,
  new_message_template: null,
  new_message_sound: null,
  new_message_badge_count_enabled: false,
  new_message_with_media_enabled: false,
  new_message_with_media_template: null,
  added_to_conversation_enabled: false,
  added_to_conversation_template: null,
  added_to_conversation_sound: null,
  removed_from_conversation_enabled: false,
  removed_from_conversation_template: null,
  removed_from_conversation_sound: null
}

/** "" takes a template or a sound away. */
export type UpdateServiceNotification = { readonly chat_service_sid: string } & {
  readonly [C in keyof Settings]?: Settings[C] extends boolean ? boolean : string
}

const maxLength = 2048

const texts = {
  new_message_template: 'NewMessage.Template',
  new_message_sound: 'NewMessage.Sound',
  new_message_with_media_template: 'NewMessage.WithMedia.Template',
  added_to_conversation_template: 'AddedToConversation.Template',
  added_to_conversation_sound: 'AddedToConversation.Sound',
  removed_from_conversation_template: 'RemovedFromConversation.Template',
  removed_from_conversation_sound: 'RemovedFromConversation.Sound'
} as const

export function updateServiceNotification(
  state: State,
  params: UpdateServiceNotification
): { service_notification: ServiceNotificationRow } {
  const { sid } = serviceOf(state, params.chat_service_sid)
  for (const [column, parameter] of Object.entries(texts))
    checkLength(params[column as keyof typeof texts], parameter, maxLength) // its own keys
  const row =
    state.tables.service_notification.find(sid) ??
    state.insert('service_notification', { chat_service_sid: sid, ...noNotifications }, sid)
  const service_notification = state.change('service_notification', row.sid, {
    ...given({
      log_enabled: params.log_enabled,
      new_message_enabled: params.new_message_enabled,
      new_message_template: cleared(params.new_message_template),
      new_message_sound: cleared(params.new_message_sound),
      new_message_badge_count_enabled: params.new_message_badge_count_enabled,
      new_message_with_media_enabled: params.new_message_with_media_enabled,
      new_message_with_media_template: cleared(params.new_message_with_media_template),
      added_to_conversation_enabled: params.added_to_conversation_enabled,
      added_to_conversation_template: cleared(params.added_to_conversation_template),
      added_to_conversation_sound: cleared(params.added_to_conversation_sound),
      removed_from_conversation_enabled: params.removed_from_conversation_enabled,
      removed_from_conversation_template: cleared(params.removed_from_conversation_template),
      removed_from_conversation_sound: cleared(params.removed_from_conversation_sound)
    })
  })
  return { service_notification }
}
