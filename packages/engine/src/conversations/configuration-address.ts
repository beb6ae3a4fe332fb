import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { nameForm } from '../core/names.ts'
import { checkLength, checkRange, checkUrl, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { normalized, ownAddress } from './address.ts'
import { addressTypes, type ConfigurationAddressRow } from './rows.ts'
import { warnOf } from './webhook.ts'

export interface ConfigurationAddressParams {
  readonly friendly_name?: string
  readonly auto_creation_enabled?: boolean
  readonly auto_creation_type?: 'webhook' | 'studio' | 'default'
  /** "" stands for the account's default service. */
  readonly auto_creation_conversation_service_sid?: string
  readonly auto_creation_webhook_url?: string
  /** In any letter case. */
  readonly auto_creation_webhook_method?: string
  /** Names of events; all of them are replaced. */
  readonly auto_creation_webhook_filters?: readonly string[]
  readonly auto_creation_studio_flow_sid?: string
  readonly auto_creation_studio_retry_count?: number
}

export interface CreateConfigurationAddress extends ConfigurationAddressParams {
  /** `Type`; a command has its own. */
  readonly address_type: string
  readonly address: string
  readonly address_country?: string
}

const maxRetries = 3

/** Says what becomes of messages to an address of ours that no open conversation has: it has one configuration at most. */
export function createConfigurationAddress(
  state: State,
  params: CreateConfigurationAddress
): { configuration_address: ConfigurationAddressRow } {
  const type = oneOf(addressTypes, params.address_type, 'Type')
  const address = type === 'chat' ? labelOf(params.address) : ownAddress(type, params.address)
  if (address === null) return refuse('invalid', `Value '${params.address}' provided for Address is no ${type} address`)
  const other = configurationOfAddress(state, address)
  if (other) refuse('conflict', `Address ${address} is configured already, in ${other.sid}`)
  const configuration_address = state.insert('configuration_address', {
    account_sid: state.account_sid,
    type,
    address,
    address_country: countryOf(params.address_country),
    ...settingsOf(state, params, unset)
  })
  warnOf(state, { configuration_address }, 'AutoCreation.WebhookFilters', params.auto_creation_webhook_filters)
  return { configuration_address }
}

/** Type and address stay what they are (reference conversations 12.1). */
export function updateConfigurationAddress(
  state: State,
  params: ConfigurationAddressParams & { readonly sid: string }
): { configuration_address: ConfigurationAddressRow } {
  const before = configurationAddressOf(state, params.sid)
  const configuration_address = state.change('configuration_address', before.sid, settingsOf(state, params, before))
  warnOf(state, { configuration_address }, 'AutoCreation.WebhookFilters', params.auto_creation_webhook_filters)
  return { configuration_address }
}

/** Conversations that were made for the address go on. */
export function deleteConfigurationAddress(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('configuration_address', configurationAddressOf(state, sid).sid)
  return {}
}

/** A configuration by its SID or its address. 404 where there is none. */
export function configurationAddressOf(state: State, name: string): ConfigurationAddressRow {
  return (
    state.tables.configuration_address.find(name) ??
    configurationOfAddress(state, name) ??
    configurationOfAddress(state, normalized(name) ?? name) ??
    notFound(`/Configuration/Addresses/${name}`)
  )
}

/** The configuration of an address that is in the form in which addresses are stored. */
export function configurationOfAddress(state: State, address: string): ConfigurationAddressRow | undefined {
  return state.tables.configuration_address.firstBy('address', nameForm(address))
}

/** Configurations that make conversations in a service that goes make them in the default one from now on. */
export function forgetService(state: State, chat_service_sid: string): void {
  for (const row of state.tables.configuration_address.list('account_sid', state.account_sid)) {
    if (row.auto_creation_conversation_service_sid !== chat_service_sid) continue
    state.change('configuration_address', row.sid, { auto_creation_conversation_service_sid: null })
  }
}

type Settings = Pick<
  ConfigurationAddressRow,
  'friendly_name' | Extract<keyof ConfigurationAddressRow, `auto_${string}`>
>

const unset: Settings = {
  friendly_name: null,
  auto_creation_enabled: false,
  auto_creation_type: 'default',
  auto_creation_conversation_service_sid: null,
  auto_creation_webhook_url: null,
  auto_creation_webhook_method: 'POST',
  auto_creation_webhook_filters: [],
  auto_creation_studio_flow_sid: null,
  auto_creation_studio_retry_count: 0
}

function settingsOf(state: State, params: ConfigurationAddressParams, before: Settings): Settings {
  checkLength(params.friendly_name, 'FriendlyName', 256)
  checkUrl(params.auto_creation_webhook_url, 'AutoCreation.WebhookUrl')
  checkRange(params.auto_creation_studio_retry_count, 'AutoCreation.StudioRetryCount', 0, maxRetries)
  const service = params.auto_creation_conversation_service_sid
  if (service && !state.tables.chat_service.find(service)) {
    refuse('invalid', `Value '${service}' provided for AutoCreation.ConversationServiceSid does not exist`)
  }
  const method = params.auto_creation_webhook_method ?? before.auto_creation_webhook_method
  const after: Settings = {
    friendly_name: otherwise(cleared(params.friendly_name), before.friendly_name),
    auto_creation_enabled: params.auto_creation_enabled ?? before.auto_creation_enabled,
    auto_creation_type: params.auto_creation_type ?? before.auto_creation_type,
    auto_creation_conversation_service_sid: otherwise(cleared(service), before.auto_creation_conversation_service_sid),
    auto_creation_webhook_url: otherwise(cleared(params.auto_creation_webhook_url), before.auto_creation_webhook_url),
    auto_creation_webhook_method: oneOf(['GET', 'POST'] as const, method, 'AutoCreation.WebhookMethod'),
    auto_creation_webhook_filters: params.auto_creation_webhook_filters ?? before.auto_creation_webhook_filters,
    auto_creation_studio_flow_sid: otherwise(
      cleared(params.auto_creation_studio_flow_sid),
      before.auto_creation_studio_flow_sid
    ),
    auto_creation_studio_retry_count: params.auto_creation_studio_retry_count ?? before.auto_creation_studio_retry_count
  }
  checkWhole(after)
  return after
}

/** A type that calls somebody must say whom. */
function checkWhole(settings: Settings): void {
  const { auto_creation_type: type } = settings
  if (type === 'webhook' && settings.auto_creation_webhook_url === null) {
    refuse('invalid', 'AutoCreation.Type webhook needs an AutoCreation.WebhookUrl')
  }
  if (type === 'studio' && settings.auto_creation_studio_flow_sid === null) {
    refuse('invalid', 'AutoCreation.Type studio needs an AutoCreation.StudioFlowSid')
  }
}

function otherwise<T>(value: T | undefined, before: T): T {
  return value === undefined ? before : value
}

/** Of a chat: any text, which names a deployment. */
function labelOf(text: string): string | null {
  checkLength(text, 'Address', 256)
  return text.trim() || null
}

function countryOf(text: string | undefined): string | null {
  const country = text?.trim().toUpperCase() || null
  if (country !== null && !/^[A-Z]{2}$/.test(country)) {
    refuse('invalid', `Value '${text}' provided for AddressCountry is not a country's two letters`)
  }
  return country
}
