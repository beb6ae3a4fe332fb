import type { Inbound } from '@ringdown/engine/conversations/inbound'
import { inboundOf, type ReceiveChannelMessage } from '@ringdown/engine/messaging/inbound'
import { agreedInbound } from '../conversations/pre-webhook.ts'
import type { Context } from '../handler.ts'

/**
 * What those who are asked beforehand make of a message from outside, for the command that takes it in; undefined where they
 * leave it, null where they reject it.
 */
export async function agreedMessage(
  context: Pick<Context, 'state' | 'ledger' | 'ask' | 'now'>,
  {
    from,
    to,
    others = [],
    body,
    told,
    email
  }: {
    readonly from: string
    readonly to: string
    /** Of a message to a group: whom else it went to. */
    readonly others?: readonly string[]
    readonly body: string | undefined
    readonly told: Readonly<Record<string, string>>
    readonly email?: Inbound['email']
  }
): Promise<ReceiveChannelMessage['agreed']> {
  const asked = {
    ...inboundOf({ from, to, others, told, ...(body !== undefined && { body }) }),
    ...(email && { email })
  }
  const agreed = await agreedInbound(context, asked)
  if (agreed === asked) return undefined
  if (agreed === undefined) return null
  const { author, attributes, friendly_name } = agreed
  return {
    ...(agreed.body !== undefined && { body: agreed.body }),
    ...(author !== undefined && { author }),
    ...(attributes !== undefined && { attributes }),
    ...(friendly_name !== undefined && { friendly_name })
  }
}
