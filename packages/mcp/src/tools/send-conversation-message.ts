import type { MessageInstance } from 'twilio/lib/rest/conversations/v1/conversation/message.js'
import type { ConversationContext } from 'twilio/lib/rest/conversations/v1/conversation.js'
import { apiError, explained, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { conversationsOf } from '../names.ts'
import { compact, dated } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'

const args = argumentsOf({
  conversationSid: { type: 'string', ref: 'conversation', description: 'SID or name' },
  chatServiceSid: { type: 'string', sid: ['IS'] },
  body: { type: 'string' },
  author: { type: 'string' },
  attributes: { type: 'object' },
  mediaUrl: { type: 'string', description: 'https; fetched and uploaded' },
  mediaSid: { type: 'string', sid: ['ME'] },
  mediaContentType: { type: 'string' },
  contentSid: { type: 'string', sid: ['HX'], description: 'template' },
  contentVariables: { type: 'object' },
  subject: { type: 'string' },
  triggerWebhooks: { type: 'boolean' }
})
const on = actionsOn(args)
type Given = Values<typeof args>

const maxLength = 1600
const window_ms = 24 * 3_600_000

export const sendConversationMessage: Tool = {
  name: 'send_conversation_message',
  title: 'Send conversation message',
  description:
    'Send text, media or a content template into a conversation. Participants on SMS, WhatsApp and Messenger get it on their phones.',
  hints: hints('O'),
  arguments: args,
  output: { messageSid: 'string', index: 'integer', author: 'string', dateCreated: 'string', body: 'string' },
  actions: {
    call: on({
      write: true,
      required: ['conversationSid'],
      optional: [
        'chatServiceSid',
        'body',
        'author',
        'attributes',
        'mediaUrl',
        'mediaSid',
        'mediaContentType',
        'contentSid',
        'contentVariables',
        'subject',
        'triggerWebhooks'
      ],
      run: async (values, call) => {
        const {
          conversationSid,
          chatServiceSid,
          body,
          author,
          attributes,
          mediaSid,
          contentSid,
          contentVariables,
          subject,
          triggerWebhooks
        } = values
        if (values.mediaUrl) {
          throw fault('not_built', 'mediaUrl: this server cannot fetch and upload media yet', {
            argument: 'mediaUrl',
            next: 'upload it yourself and give mediaSid; or put the link into body'
          })
        }
        if (!body && !mediaSid && !contentSid) {
          throw fault('missing_argument', 'nothing to send', {
            argument: 'body',
            next: 'give body, mediaUrl, mediaSid or contentSid'
          })
        }
        const conversation = conversationsOf(call.backend.client, chatServiceSid)(conversationSid)
        const options = given({
          body,
          author,
          attributes: attributes?.text,
          mediaSid,
          contentSid,
          contentVariables: contentVariables?.text,
          subject,
          xTwilioWebhookEnabled:
            triggerWebhooks === undefined ? undefined : triggerWebhooks ? ('true' as const) : ('false' as const)
        })
        const message = await explained(
          call,
          () => conversation.messages.create(options),
          (api) =>
            api.status === 404
              ? {
                  argument: 'conversationSid',
                  next: 'find the conversation with manage_conversations list address: +33…'
                }
              : undefined
        )
        await warnUnreached(conversation, message, values, call)
        const changed = body !== undefined && message.body !== null && message.body !== body
        return compact({
          messageSid: message.sid,
          index: message.index,
          author: message.author,
          dateCreated: dated(message.dateCreated),
          body: changed ? message.body : undefined
        })
      }
    })
  }
}

/** Says which phones will not get the message; the message is sent by then, so a look-up that fails is only told. */
async function warnUnreached(
  conversation: ConversationContext,
  message: MessageInstance,
  values: Given,
  call: Call
): Promise<void> {
  try {
    const members = await conversation.participants.list({ limit: 100, pageSize: 100 })
    const phones = members.filter((member) => objectIn(member.messagingBinding).address)
    if (phones.length > 0 && (values.body?.length ?? 0) > maxLength) {
      call.warn(
        `the body is longer than ${maxLength} characters: it does not reach ${phones.length === 1 ? 'the phone' : 'the phones'} of this conversation`
      )
    }
    const whatsapp = phones.filter((member) =>
      String(objectIn(member.messagingBinding).address).startsWith('whatsapp:')
    )
    if (whatsapp.length === 0 || values.contentSid) return
    const recent = await conversation.messages.list({ order: 'desc', limit: 100, pageSize: 100 })
    for (const member of whatsapp) {
      const last = recent.find((one) => one.participantSid === member.sid)
      if (!last || message.dateCreated.getTime() - last.dateCreated.getTime() > window_ms) {
        call.warn(
          `${objectIn(member.messagingBinding).address} wrote nothing in the last 24 hours: WhatsApp takes only templates (contentSid with contentVariables)`
        )
      }
    }
  } catch (error) {
    if (!apiError(error)) throw error
    call.warn('the message is sent; which phones it reaches could not be read')
  }
}
