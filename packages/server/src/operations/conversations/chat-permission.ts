import type { State } from '@ringdown/engine/center'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { permitted } from '@ringdown/engine/conversations/permissions'
import { nameKey } from '@ringdown/engine/core/names'
import { missingRight } from '../../access/refusals.ts'
import type { AnyCall, Context } from '../handler.ts'
import type { Asked } from '../permission.ts'
import { conversationOf, inConversation, participantOf } from './cold-lookup.ts'

/**
 * What the roles of Conversations say of somebody with a chat grant: the one of its user, which holds in the whole service,
 * and the one of its participant in the conversation (reference conversations 14). Refuses with 403 where neither permits,
 * and wherever the service is another one than the grant's.
 */
export async function chatMay({ operation, permission, standing, call, context }: Asked): Promise<void> {
  const { right, chat } = permission
  const { identity = '' } = standing
  const service = standing.chat_service_sid ?? defaultServiceSid(context.state)
  const asked = call.path.chat_service_sid ?? defaultServiceSid(context.state)
  if (asked !== undefined && asked !== service) throw missingRight(right, ' in that Service')
  if (!chat) return
  const permitted = new Set(await permissionsOf(context, String(service), identity, call))
  const isOwn = await isOwnRow(operation.resource, identity, call, context)
  const isJoin = await isJoining({ operation, standing, call, context })
  const suits = (name: string) =>
    permitted.has(name) && (name === 'joinConversation' ? isJoin : isOwn || !/Own|leave/.test(name))
  const ofAttributes = chat.filter((name) => name.endsWith('Attributes'))
  const others = chat.filter((name) => !name.endsWith('Attributes'))
  const { attributes, x_twilio_webhook_enabled: _, ...rest } = call.params
  const wanted =
    ofAttributes.length === 0
      ? [others]
      : [
          ...(attributes === undefined ? [] : [ofAttributes]),
          ...(Object.keys(rest).length > 0 || attributes === undefined ? [others] : [])
        ]
  if (rest.media_sid !== undefined) wanted.push(['sendMediaMessage'])
  for (const names of wanted)
    if (!names.some(suits)) throw missingRight(right, `, or ${names.join(' or ')} in the role of ${identity}`)
}

/** Whether somebody comes into a conversation that it has made itself, which it need not be in yet. */
export async function isJoining({
  operation: { resource, verb },
  standing: { identity },
  call: { path, params },
  context
}: Pick<Asked, 'operation' | 'standing' | 'call' | 'context'>): Promise<boolean> {
  if (verb !== 'create' || !/conversation_participant$/.test(resource)) return false
  if (identity === undefined || params.identity !== identity) return false
  const found = await conversationOf(context, String(path.conversation_sid), path).catch(() => undefined)
  return found?.created_by === identity && identity !== 'system'
}

/** What both roles of somebody permit. */
async function permissionsOf(
  context: Context,
  service_sid: string,
  identity: string,
  call: AnyCall
): Promise<string[]> {
  const { state, ledger } = context
  const chat_service_sid = service_sid
  const user =
    state.tables.user.firstBy('identity', nameKey(service_sid, identity)) ??
    (await ledger.find('user', { chat_service_sid, identity }))[0]
  const of = (sid: string | null | undefined) => permissionsIn(state, sid)
  // Who has no user yet is one by default.
  const service = user ? user.role_sid : state.find('chat_service', service_sid)?.default_chat_service_role_sid
  const { conversation_sid, sid } = call.path
  const name = conversation_sid ?? sid
  const conversation =
    name === undefined ? undefined : await conversationOf(context, String(name), call.path).catch(() => undefined)
  const member =
    conversation &&
    (await participantOf(context, { ...call.path, conversation_sid: conversation.sid, sid: identity }).catch(
      () => undefined
    ))
  return [...of(service), ...of(member?.role_sid)]
}

function permissionsIn(state: State, sid: string | null | undefined): readonly string[] {
  const role = state.find('role', sid)
  return role ? permitted(role) : []
}

/** Whether what a path names is by somebody, or is that somebody. */
async function isOwnRow(resource: string, identity: string, { path }: AnyCall, context: Context): Promise<boolean> {
  const { conversation_sid, sid } = path
  if (conversation_sid === undefined || sid === undefined) return true
  const place = { ...path, conversation_sid: String(conversation_sid), sid: String(sid) }
  if (/message$/.test(resource))
    return (await inConversation(context, 'message', 'Messages', place)).author === identity
  if (/participant$/.test(resource)) return (await participantOf(context, place)).identity === identity
  return true
}
