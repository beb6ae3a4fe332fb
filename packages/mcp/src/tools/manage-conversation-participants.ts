import type { ParticipantInstance } from 'twilio/lib/rest/conversations/v1/conversation/participant.js'
import type { ConversationContext } from 'twilio/lib/rest/conversations/v1/conversation.js'
import { type ApiError, type ErrorBody, explained, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { conversationsOf } from '../names.ts'
import { called, near } from '../near.ts'
import { paged } from '../pages.ts'
import { merged } from '../patch.ts'
import { type Outcome, pick, type Row } from '../results.ts'
import { isSid, sidMeaning } from '../sids.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { oursToTell, participantRow } from './conversations.ts'
import { deleted, pageArguments, pagingNames } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['add', 'get', 'list', 'update', 'remove'] },
  conversationSid: { type: 'string', ref: 'conversation', description: 'SID or name' },
  chatServiceSid: { type: 'string', sid: ['IS'] },
  participantSid: { type: 'string', description: 'SID, identity or address' },
  identity: { type: 'string' },
  messagingBindingAddress: { type: 'string', description: "customer's, e.g. whatsapp:+33…" },
  messagingBindingProxyAddress: { type: 'string', description: 'yours' },
  messagingBindingProjectedAddress: { type: 'string', description: 'yours, seen by a group MMS' },
  roleSid: { type: 'string', sid: ['RL'] },
  attributes: { type: 'object', description: 'replaces all' },
  patchAttributes: { type: 'object', description: 'merges; null removes' },
  lastReadMessageIndex: { type: 'integer', min: 0 },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>
type Here = Given & { readonly conversationSid: string }

const shownFields = [
  'participantSid',
  'identity',
  'messagingBindingAddress',
  'messagingBindingProxyAddress',
  'messagingBindingProjectedAddress',
  'type',
  'roleSid',
  'attributes',
  'lastReadMessageIndex'
]
const fixedReason = 'fixed when the participant is added: remove it and add another one'

export const manageConversationParticipants: Tool = {
  name: 'manage_conversation_participants',
  title: 'Manage conversation participants',
  description:
    'Who is in a conversation: chat users by identity; SMS, WhatsApp or Messenger customers by messagingBindingAddress together with your messagingBindingProxyAddress. A group MMS: your messagingBindingProjectedAddress first, then each member by messagingBindingAddress alone.',
  hints: hints('DO'),
  arguments: args,
  output: {
    participants: [
      {
        participantSid: 'string',
        identity: 'string',
        messagingBindingAddress: 'string',
        messagingBindingProxyAddress: 'string',
        messagingBindingProjectedAddress: 'string',
        type: 'string',
        roleSid: 'string',
        attributes: 'object',
        lastReadMessageIndex: 'integer'
      }
    ]
  },
  actions: {
    add: on({
      write: true,
      required: ['conversationSid'],
      optional: [
        'chatServiceSid',
        'identity',
        'messagingBindingAddress',
        'messagingBindingProxyAddress',
        'messagingBindingProjectedAddress',
        'roleSid',
        'attributes'
      ],
      unused: {
        participantSid:
          'a new participant has no SID yet: give identity, or messagingBindingAddress and messagingBindingProxyAddress',
        patchAttributes: 'a new participant has nothing to merge with: give attributes'
      },
      run: addParticipant
    }),
    get: on({
      write: false,
      required: ['conversationSid', 'participantSid'],
      optional: ['chatServiceSid'],
      run: async (values, call) => {
        const conversation = contextOf(values, call)
        const row = participantRow(
          await conversation.participants(await participantOf(conversation, values.participantSid)).fetch()
        )
        return { participants: [pick(row, Object.keys(row))] }
      }
    }),
    list: on({
      write: false,
      required: ['conversationSid'],
      optional: ['chatServiceSid', ...pagingNames],
      run: async (values, call) => {
        const { participants } = contextOf(values, call)
        const { rows, nextPageToken } = await paged(call, (page) => participants.page(page), shown)
        return { participants: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['conversationSid', 'participantSid'],
      optional: [
        'chatServiceSid',
        'identity',
        'messagingBindingProxyAddress',
        'messagingBindingProjectedAddress',
        'roleSid',
        'attributes',
        'patchAttributes',
        'lastReadMessageIndex'
      ],
      change: [
        'identity',
        'messagingBindingProxyAddress',
        'messagingBindingProjectedAddress',
        'roleSid',
        'attributes',
        'patchAttributes',
        'lastReadMessageIndex'
      ],
      unused: { messagingBindingAddress: fixedReason },
      run: async (values, call) => {
        const conversation = contextOf(values, call)
        const participant = conversation.participants(await participantOf(conversation, values.participantSid))
        const attributes = await merged(call, values, () => participant.fetch())
        const { identity, roleSid, lastReadMessageIndex } = values
        const options = given({
          identity,
          roleSid,
          lastReadMessageIndex,
          attributes,
          'messagingBinding.proxyAddress': values.messagingBindingProxyAddress,
          'messagingBinding.projectedAddress': values.messagingBindingProjectedAddress
        })
        return {
          participants: [
            shown(
              await explained(
                call,
                () => participant.update(options),
                (api) => refused(api, values, conversation)
              )
            )
          ]
        }
      }
    }),
    remove: on({
      write: true,
      required: ['conversationSid', 'participantSid'],
      optional: ['chatServiceSid'],
      run: async (values, call) => {
        const conversation = contextOf(values, call)
        const sid = await participantOf(conversation, values.participantSid)
        await conversation.participants(sid).remove()
        return { participants: [deleted('participantSid', sid)] }
      }
    })
  }
}

const shown = (participant: ParticipantInstance): Row => pick(participantRow(participant), shownFields)

function contextOf({ conversationSid, chatServiceSid }: Here, call: Call): ConversationContext {
  return conversationsOf(call.backend.client, chatServiceSid)(conversationSid)
}

async function addParticipant(values: Here, call: Call): Promise<Outcome> {
  const {
    identity,
    roleSid,
    attributes,
    messagingBindingAddress: address,
    messagingBindingProxyAddress: proxy,
    messagingBindingProjectedAddress: projected
  } = values
  if (!identity && !address && !projected) {
    throw fault('missing_argument', 'who? a chat user has an identity, a phone customer an address', {
      argument: 'identity',
      next: 'give identity, or messagingBindingAddress and messagingBindingProxyAddress'
    })
  }
  const conversation = contextOf(values, call)
  // An address alone is a member of a group, which one of ours must be in: else it was forgotten.
  if (address && !proxy && !(await isGroup(conversation, address))) {
    throw fault('missing_argument', 'SMS and WhatsApp need your messagingBindingProxyAddress', {
      argument: 'messagingBindingProxyAddress',
      next: `give messagingBindingProxyAddress${await oursToTell(call)}`
    })
  }
  const options = given({
    identity,
    roleSid,
    attributes: attributes?.text,
    'messagingBinding.address': address,
    'messagingBinding.proxyAddress': proxy,
    'messagingBinding.projectedAddress': projected
  })
  const made = await explained(
    call,
    () => conversation.participants.create(options),
    (api) => refused(api, values, conversation)
  )
  return { participants: [shown(made)] }
}

/** Whether a number of ours is in the conversation, by which members of a group MMS see it. */
async function isGroup(conversation: ConversationContext, address: string): Promise<boolean> {
  if (!/^\s*\+/.test(address)) return false
  const roster = await conversation.participants.list({ limit: 1000, pageSize: 100 })
  return roster.some(({ messagingBinding }) => typeof objectIn(messagingBinding).projected_address === 'string')
}

async function refused(
  api: ApiError,
  values: Given,
  conversation: ConversationContext
): Promise<Partial<ErrorBody> | undefined> {
  if (api.code === 50433 && values.identity) {
    const member = (await conversation.participants.list({ limit: 1000, pageSize: 100 })).find(
      (one) => one.identity === values.identity
    )
    return member && { argument: 'identity', next: `${values.identity} is ${member.sid}: update or remove` }
  }
  if (api.code === 50416) return boundIn(api.message)
  return undefined
}

/**
 * A pair of addresses is in one open conversation at a time: "… already exists in Conversation CH…" says in which
 * (reference conversations 7.4). What else is wrong with a conversation names it in other words.
 */
export function boundIn(message: string): Partial<ErrorBody> | undefined {
  const sid = /\bin conversation (CH[0-9a-f]{32})/i.exec(message)?.[1]
  return sid
    ? {
        argument: 'conversationSid',
        next: `already in conversation ${sid}; pass conversationSid: ${sid}; or close it with manage_conversations`
      }
    : undefined
}

/** A participant's SID from its SID, identity or address. */
async function participantOf(conversation: ConversationContext, text: string): Promise<string> {
  if (isSid(text)) {
    if (text.startsWith('MB')) return text
    const { thing, argument } = sidMeaning(text)
    throw fault('wrong_sid', `participantSid takes MB…; ${text} is ${thing}`, {
      argument: 'participantSid',
      found: text,
      next: `give participantSid as MB…, an identity or an address${argument && argument !== 'participantSid' ? `; this SID fits ${argument}` : ''}`
    })
  }
  const members = await conversation.participants.list({ limit: 1000, pageSize: 100 })
  const named = members.flatMap((member) => {
    const address = objectIn(member.messagingBinding).address
    const names = [member.identity, address].filter((name) => typeof name === 'string')
    return names.map((name) => ({ sid: member.sid, text: name }))
  })
  const hits = called(text, named, (member) => [member.text])
  const [hit] = hits
  if (hit && new Set(hits.map((one) => one.sid)).size === 1) return hit.sid
  const candidates = (hit ? hits : named).slice(0, 10).map((member) => `${member.text} (${member.sid})`)
  if (hit)
    throw fault('ambiguous_name', `several participants are called ${text}`, {
      argument: 'participantSid',
      found: text,
      candidates,
      next: 'give participantSid as MB…'
    })
  throw fault('unknown_name', `no participant '${text}'`, {
    argument: 'participantSid',
    found: text,
    near: near(text, named).map((member) => member.text),
    candidates,
    next: 'give participantSid as MB…, or an identity or address that is in it'
  })
}
