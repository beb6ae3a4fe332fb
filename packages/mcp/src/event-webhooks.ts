import { ProtocolError } from '@modelcontextprotocol/server'
import { situationErrors } from '@ringdown/contract/situation-errors'
import { sortedText } from './confirmation.ts'
import { bad } from './event-errors.ts'
import type { EventDoor } from './events.ts'
import { Following, integerIn } from './following.ts'
import { objectIn } from './json.ts'
import type { Row } from './results.ts'
import type { RingdownApi } from './ringdown-api.ts'

/** The fourth door of MCP Events: the server sends what happens to an address, as long as somebody asks for it. */
export class EventWebhooks {
  readonly #door: EventDoor
  readonly #api: RingdownApi

  constructor(door: EventDoor, api: RingdownApi) {
    this.#door = door
    this.#api = api
  }

  /** Begins to send, or goes on: the same principal, address, name and arguments are the same subscription. */
  async subscribe(params: Row, signal: AbortSignal): Promise<Row> {
    const { url, secret } = this.#deliveryOf(params)
    if (typeof secret !== 'string') throw bad('delivery.secret must be whsec_ and base64 of 24 to 64 bytes')
    const { cursor, ttlMs } = params
    if (cursor !== undefined && cursor !== null && typeof cursor !== 'string')
      throw bad('cursor must be what an earlier answer said, or null for now')
    const { situation, args } = await new Following(this.#door, this.#api).wanted(params)
    const { redact, hideCustomerText } = this.#door.privacy
    const kept = await this.#api.post(
      'SituationSubscriptions',
      {
        Situation: situation.name,
        Arguments: JSON.stringify(args),
        Url: url,
        Secret: secret,
        ...(cursor && { Cursor: cursor }),
        // Without an end there is none: whoever is not heard of for a week is sent nothing more.
        ...(ttlMs !== undefined && { TtlMs: ttlMs === null ? max_ms : String(integerIn(ttlMs, 'ttlMs')) }),
        ...(redact && { Redact: 'true' }),
        ...(hideCustomerText && { HideCustomerText: 'true' })
      },
      signal
    )
    const { subscription_id: id, refresh_before: refreshBefore, cursor: at, truncated, status } = objectIn(kept)
    return { id, refreshBefore, cursor: at, truncated: truncated === true, deliveryStatus: statusOf(objectIn(status)) }
  }

  /** Ends what `subscribe` began. Throws ProtocolError where this principal has no such subscription. */
  async unsubscribe(params: Row, signal: AbortSignal): Promise<Row> {
    const { url } = this.#deliveryOf(params)
    const { situation, args } = await new Following(this.#door, this.#api).wanted(params)
    const query = { Situation: situation.name, Url: url, PageSize: 1000 }
    const { situation_subscriptions: found } = objectIn(await this.#api.get('SituationSubscriptions', query, signal))
    const wanted = sortedText(args)
    const own = (Array.isArray(found) ? found.map(objectIn) : []).filter(
      (one) => one.owner_sid === this.#door.backend.client.username && sortedText(objectIn(one.arguments)) === wanted
    )
    if (own.length === 0)
      throw new ProtocolError(situationErrors.unknown, `no subscription of ${situation.name} to ${url}`, {
        kind: 'subscription'
      })
    for (const { sid } of own) await this.#api.remove(`SituationSubscriptions/${sid}`, signal)
    return {}
  }

  #deliveryOf({ delivery }: Row): { readonly url: string; readonly secret: unknown } {
    if (!this.#door.webhooks) throw notOffered('webhook', 'webhooks are offered over HTTP: here, poll or stream')
    const { url, secret, mode } = objectIn(delivery ?? {})
    if (mode !== undefined && mode !== 'webhook')
      throw notOffered(String(mode), `events/subscribe is for webhooks, not for ${String(mode)}`)
    if (typeof url !== 'string') throw bad('delivery.url must be given')
    return { url, secret }
  }
}

const notOffered = (mode: string, message: string) =>
  new ProtocolError(situationErrors.notOffered, message, { feature: 'deliveryMode', value: mode })

const max_ms = String(7 * 86_400_000)

function statusOf({ active, last_delivery_at, last_error }: Row): Row {
  return { active: active === true, lastDeliveryAt: last_delivery_at ?? null, lastError: last_error ?? null }
}
