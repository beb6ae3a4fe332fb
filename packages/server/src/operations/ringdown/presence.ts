import { isoMilliseconds } from '@ringdown/contract/instant'
import { checkEditable } from '@ringdown/engine/conversations/lookup'
import { refuse } from '@ringdown/engine/core/refusals'
import { Unavailable } from '../../commit/ledger.ts'
import type { Feed } from '../../realtime/feed/feed.ts'
import type { Sign, SignKind } from '../../realtime/feed/presence.ts'
import { conversationOf } from '../conversations/cold-lookup.ts'
import type { Context, Handlers } from '../handler.ts'

/** Who types and who looks: told to streams, and kept in memory for seconds (docs/events.md). */
export const presenceHandlers = {
  async 'ringdown_v1.UpdateConversationTyping'({ path, params }, context) {
    return signed(context, 'typing', path.conversation_sid, params)
  },

  async 'ringdown_v1.UpdateConversationViewing'({ path, params }, context) {
    return signed(context, 'viewing', path.conversation_sid, params)
  },

  async 'ringdown_v1.FetchConversationPresence'({ path }, context) {
    const { sid } = await conversationOf(context, path.conversation_sid, {})
    const now = context.now()
    const shown = (kind: SignKind) => feedOf(context).signs(kind, sid, now).map(shownSign)
    return { conversation_sid: sid, typing: shown('typing'), viewing: shown('viewing') }
  }
} satisfies Handlers

const maxIdentity = 256

async function signed(
  context: Context,
  kind: SignKind,
  name: string,
  { identity, active = true }: { readonly identity?: string; readonly active?: boolean }
) {
  if (!identity || identity.length > maxIdentity) refuse('invalid', `Identity must have 1 to ${maxIdentity} characters`)
  const conversation = await conversationOf(context, name, {})
  // Nobody waits for what is written where nothing can be said any more.
  if (kind === 'typing' && active) checkEditable(conversation)
  const { sid: conversation_sid, chat_service_sid } = conversation
  const whose = { conversation_sid, chat_service_sid, identity }
  const sign = feedOf(context).sign(kind, whose, { active, now: context.now() })
  const { began_at = null, ends_at = null } = sign ?? {}
  return { conversation_sid, identity, active: sign !== undefined, began_at, ends_at }
}

function shownSign({ identity, began_at, ends_at }: Sign) {
  return { identity, began_at: isoMilliseconds(began_at), ends_at: isoMilliseconds(ends_at) }
}

function feedOf({ feed, ledger }: Context): Feed {
  if (!feed) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
  return feed
}
