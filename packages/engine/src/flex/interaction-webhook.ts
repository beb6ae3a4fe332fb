import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, checkUrl, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type InteractionWebhookRow, interactionWebhookEvents } from './rows.ts'

interface Columns {
  /** The API's `Type`; a command has a type of its own. */
  readonly webhook_type?: string
  readonly friendly_name?: string
  readonly webhook_url?: string
  readonly webhook_events?: readonly string[]
  readonly webhook_method?: string
}

export interface CreateInteractionWebhook extends Columns {
  readonly instance_sid: string
  readonly webhook_url: string
  readonly webhook_events: readonly string[]
}

export interface UpdateInteractionWebhook extends Columns {
  readonly instance_sid: string
  readonly ttid: string
}

/** A webhook for all interactions, or for those that name it (reference flex 9.1). */
export function createInteractionWebhook(
  state: State,
  params: CreateInteractionWebhook
): { interaction_webhook: InteractionWebhookRow } {
  const { instance_sid } = params
  checkInstance(state, instance_sid)
  const columns = columnsOf(params, {
    type: 'global',
    friendly_name: null,
    webhook_url: '',
    webhook_events: [],
    webhook_method: 'POST'
  })
  const { account_sid } = state
  return {
    interaction_webhook: state.insert('interaction_webhook', { account_sid, instance_sid, ...columns }, ttid(state))
  }
}

export function updateInteractionWebhook(
  state: State,
  params: UpdateInteractionWebhook
): { interaction_webhook: InteractionWebhookRow } {
  const before = interactionWebhookOf(state, params.instance_sid, params.ttid)
  return { interaction_webhook: state.change('interaction_webhook', before.sid, columnsOf(params, before)) }
}

/** Interactions that name it keep its name, and nobody is told of them any more. */
export function deleteInteractionWebhook(
  state: State,
  { instance_sid, ttid }: { readonly instance_sid: string; readonly ttid: string }
): Record<string, never> {
  state.remove('interaction_webhook', interactionWebhookOf(state, instance_sid, ttid).sid)
  return {}
}

/** Refuses with 404. Its ttid is its SID here. */
export function interactionWebhookOf(state: State, instance_sid: string, ttid: string): InteractionWebhookRow {
  const row = state.tables.interaction_webhook.find(ttid)
  return row?.instance_sid === instance_sid ? row : notFound(`/Instances/${instance_sid}/InteractionWebhooks/${ttid}`)
}

/** Refuses an instance that is not the account's with 404. */
export function checkInstance(state: State, instance_sid: string): void {
  const own = state.tables.flex_configuration.find(state.account_sid)?.flex_instance_sid
  if (own !== instance_sid) notFound(`/Instances/${instance_sid}/InteractionWebhooks`)
}

/** The webhook that an interaction names: "" clears it, and an unknown one is refused (reference flex 9.1). */
export function namedWebhook(state: State, webhook_ttid: string | undefined): string | null {
  if (!webhook_ttid) return null
  if (state.tables.interaction_webhook.find(webhook_ttid)) return webhook_ttid
  return refuse('invalid', `Value '${webhook_ttid}' provided for WebhookTtid does not exist`)
}

type Webhook = Pick<
  InteractionWebhookRow,
  'type' | 'friendly_name' | 'webhook_url' | 'webhook_events' | 'webhook_method'
>

function columnsOf(params: Columns, before: Webhook): Webhook {
  const { webhook_url = before.webhook_url, webhook_events } = params
  checkUrl(webhook_url, 'WebhookUrl')
  if (webhook_url === '') refuse('invalid', 'WebhookUrl must not be empty')
  if (params.friendly_name !== undefined) checkLength(params.friendly_name, 'FriendlyName', 256)
  return {
    type: oneOf(['global', 'interaction'], params.webhook_type ?? before.type, 'Type'),
    friendly_name: (params.friendly_name ?? before.friendly_name) || null,
    webhook_url,
    webhook_events: webhook_events === undefined ? before.webhook_events : eventsOf(webhook_events),
    webhook_method: oneOf(['POST', 'GET'], params.webhook_method ?? before.webhook_method, 'WebhookMethod')
  }
}

function eventsOf(names: readonly string[]): InteractionWebhookRow['webhook_events'] {
  const events = names.map((name) => oneOf(interactionWebhookEvents, name, 'WebhookEvents'))
  if (events.length === 0) refuse('invalid', 'WebhookEvents must name at least one event')
  return [...new Set(events)]
}

const digits = '0123456789abcdefghjkmnpqrstvwxyz'

/** Crockford's 32 digits: ten of the instant and sixteen by chance, so that newer ones sort after older ones. */
function ttid(state: State): string {
  let text = ''
  for (let rest = state.at, place = 0; place < 10; place++, rest = Math.floor(rest / 32)) {
    text = `${digits[rest % 32]}${text}`
  }
  // What a SID has by chance: 80 bits.
  const chance = BigInt(`0x${state.sid('ID').slice(-20)}`)
  for (let place = 75n; place >= 0n; place -= 5n) text += digits[Number((chance >> place) & 31n)]
  return `flex_interactionwebhook_${text}`
}
