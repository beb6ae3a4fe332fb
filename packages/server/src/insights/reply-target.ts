import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'

/**
 * Within how many milliseconds a customer is to be answered: `custom_data.ringdown.reply_target_s` of the Flex
 * configuration's `ui_attributes`; null where it says nothing.
 */
export function replyTarget(state: State): number | null {
  const { ui_attributes = null } = state.find('flex_configuration', state.account_sid) ?? {}
  const root: unknown = typeof ui_attributes === 'string' ? JSON.parse(ui_attributes) : ui_attributes // checked when it was written
  const custom = isJsonObject(root) ? root.custom_data : undefined
  const ours = isJsonObject(custom) ? custom.ringdown : undefined
  const target = isJsonObject(ours) ? ours.reply_target_s : undefined
  return typeof target === 'number' && target > 0 ? target * 1000 : null
}
