/** Where a change comes from; webhooks decide by it (reference conversations 17.2). */
export interface Origin {
  /** `API` by default; `SDK`, `SMS`, `whatsapp`; null when nobody asked (a timer). */
  readonly source?: string | null
  /** `X-Twilio-Webhook-Enabled`: calls over REST fire no webhooks without it. */
  readonly webhook_enabled?: boolean
  /** Of a client with a token. */
  readonly client_identity?: string
  /** Of a flow: what it says itself does not lead it on. */
  readonly flow_sid?: string
}

/** A change that follows from something else: webhooks always hear of it. */
export const consequence: Origin = { source: 'API', webhook_enabled: true }
export const byTimer: Origin = { source: null, webhook_enabled: true }

/** Whether webhooks hear of it: always, unless a call over REST did not ask for that (reference conversations 17.2). */
export function reachesWebhooks({ source = 'API', webhook_enabled = false }: Origin): boolean {
  return webhook_enabled || source !== 'API'
}

/** The origin as events carry it. */
export function originFields(origin: Origin): { readonly [name: string]: string | boolean | null } {
  const { source = 'API', webhook_enabled = false, client_identity, flow_sid } = origin
  return {
    source,
    webhook_enabled,
    ...(client_identity !== undefined && { client_identity }),
    ...(flow_sid !== undefined && { flow_sid })
  }
}
