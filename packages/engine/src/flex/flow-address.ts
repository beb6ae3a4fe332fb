import type { State } from '../center.ts'
import { ownAddress } from '../conversations/address.ts'
import {
  type ConfigurationAddressParams,
  createConfigurationAddress,
  deleteConfigurationAddress,
  updateConfigurationAddress
} from '../conversations/configuration-address.ts'
import { refuse } from '../core/refusals.ts'
import type { FlexFlowRow } from './rows.ts'

/** What conversations call the channel of a flow; some they do not have. */
const addressTypes = { web: 'chat', sms: 'sms', whatsapp: 'whatsapp', facebook: 'messenger' } as const

type Flow = Pick<
  FlexFlowRow,
  'friendly_name' | 'channel_type' | 'contact_identity' | 'integration_type' | 'integration' | 'enabled'
> & { readonly chat_service_sid: string; readonly address_configuration_sid: string | null }

/**
 * Has messages to a flow's identity make conversations, by an address configuration that follows the flow (reference flex
 * 13). Answers its SID; null where the flow has no identity, does nothing, or is on a channel that conversations do not
 * have. A flow that was never enabled takes no address.
 */
export function followedAddress(state: State, flow: Flow): string | null {
  const before = state.tables.configuration_address.find(flow.address_configuration_sid)
  const wanted = wantedAddress(flow)
  if (!wanted || !(flow.enabled || before)) {
    if (before) deleteConfigurationAddress(state, { sid: before.sid })
    return null
  }
  const settings = settingsOf(flow)
  if (before?.type === wanted.type && before.address === wanted.address) {
    return updateConfigurationAddress(state, { sid: before.sid, ...settings }).configuration_address.sid
  }
  if (before) deleteConfigurationAddress(state, { sid: before.sid })
  const { type: address_type, address } = wanted
  return createConfigurationAddress(state, { address_type, address, ...settings }).configuration_address.sid
}

/** Conversations that were made for the flow go on. */
export function forgetAddress(state: State, { address_configuration_sid }: FlexFlowRow): void {
  const row = state.tables.configuration_address.find(address_configuration_sid)
  if (row) deleteConfigurationAddress(state, { sid: row.sid })
}

function wantedAddress({ channel_type, contact_identity, integration_type }: Flow) {
  if (contact_identity === null || integration_type === null) return undefined
  if (channel_type === 'line' || channel_type === 'custom') return undefined
  const type = addressTypes[channel_type]
  const address = type === 'chat' ? contact_identity.trim() : ownAddress(type, contact_identity)
  return address ? { type, address } : refuse('invalid', `ContactIdentity '${contact_identity}' is no ${type} address`)
}

/** Whom a conversation of the flow belongs to at first. With a task, nobody but Flex is told of it. */
function settingsOf(flow: Flow): ConfigurationAddressParams {
  const { integration } = flow
  const shared = {
    friendly_name: flow.friendly_name,
    auto_creation_enabled: flow.enabled,
    auto_creation_conversation_service_sid: flow.chat_service_sid
  }
  switch (flow.integration_type) {
    case 'external':
      return {
        ...shared,
        auto_creation_type: 'webhook',
        auto_creation_webhook_url: String(integration.url),
        auto_creation_webhook_method: 'POST',
        auto_creation_webhook_filters: ['onMessageAdded']
      }
    case 'studio':
      return {
        ...shared,
        auto_creation_type: 'studio',
        auto_creation_studio_flow_sid: String(integration.flow_sid),
        auto_creation_studio_retry_count: Number(integration.retry_count)
      }
    default:
      return { ...shared, auto_creation_type: 'default' }
  }
}
