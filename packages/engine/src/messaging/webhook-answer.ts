import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { Refusal } from '../core/refusals.ts'
import { channelMessageReads } from './lookup.ts'
import { type CreateChannelMessage, createChannelMessage, createChannelMessageReads } from './outbound.ts'

/** A message that a webhook answers with: from whom to whom is said. */
export type WebhookReply = Pick<CreateChannelMessage, 'from' | 'body' | 'media_url' | 'status_callback'> & {
  readonly to: string
}

/** What went wrong when a webhook was asked, by Twilio's number in the debugger. */
export interface WebhookProblem {
  readonly code: number
  readonly reason: string
  /** Which address was asked. */
  readonly url: string
  readonly level: 'error' | 'warning'
}

export interface AnswerMessageWebhook {
  /** The message that came in. */
  readonly message_sid: string
  /** How many addresses were asked about it before this one, as redirects led there. */
  readonly hop: number
  readonly replies: readonly WebhookReply[]
  /** Where its answer leads. */
  readonly redirect: { readonly url: string; readonly method: 'GET' | 'POST' } | null
  readonly problems: readonly WebhookProblem[]
}

/** Addresses that are asked about one message: whoever leads further leads in a circle. */
const maxWebhookHops = 10

/**
 * Does what a webhook has answered to a message: sends its replies, and has the next address asked (reference messaging 2.3).
 * Once for each address: a delivery that is answered a second time, after a crash, changes nothing. A reply that cannot be
 * sent is told of; the others are sent.
 */
export function answerMessageWebhook(state: State, params: AnswerMessageWebhook): Record<string, never> {
  const { message_sid, hop, replies, redirect, problems } = params
  const message = state.tables.channel_message.find(message_sid)
  // Who was erased meanwhile gets no answer. Messages that were stored before have no hops.
  if (!message || (message.webhook_hops ?? 0) > hop) return {}
  const channel_message = state.change('channel_message', message.sid, { webhook_hops: hop + 1 })
  const tell = ({ code, reason, url, level }: WebhookProblem) =>
    state.emit('ringdown.message-webhook.failed', { channel_message, extra: { code, reason, url, level, hop } })
  for (const problem of problems) tell(problem)
  for (const reply of replies) {
    const refusal = refusalOf(() => createChannelMessage(state, { ...reply, direction: 'outbound-reply' }))
    if (refusal) tell({ code: refusal.number, reason: refusal.message, url: '', level: 'error' })
  }
  if (redirect === null) return {}
  const { url, method } = redirect
  if (hop + 1 >= maxWebhookHops) {
    tell({ code: 11215, reason: `${maxWebhookHops} addresses have been asked`, url, level: 'error' })
  } else state.emit('ringdown.message-webhook.redirected', { channel_message, extra: { url, method, hop: hop + 1 } })
  return {}
}

export function answerMessageWebhookReads(params: AnswerMessageWebhook, state: State): readonly Read[] {
  return [
    ...channelMessageReads(state, params.message_sid),
    ...params.replies.flatMap((reply) => createChannelMessageReads(reply, state))
  ]
}

/** Why an act was refused; whoever refuses has not changed anything yet. */
function refusalOf(act: () => unknown): Refusal | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
