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
        if (!body && !mediaSid && !values.mediaUrl && !contentSid) {
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
          mediaSid: values.mediaUrl ? await importedSid(values.mediaUrl, conversation, call) : mediaSid,
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

/** Has the server fetch a file, and answers the SID of what came of it. */
async function importedSid(Url: string, conversation: ConversationContext, call: Call): Promise<string> {
  const { ringdown } = call.backend
  if (!ringdown)
    throw fault('not_built', 'mediaUrl: Twilio fetches no files into conversations', {
      argument: 'mediaUrl',
      next: 'upload it yourself and give mediaSid; or put the link into body'
    })
  const { chatServiceSid } = await conversation.fetch()
  const path = `Services/${chatServiceSid}/MediaImports`
  const imported = await explained(
    call,
    () => ringdown.post(path, { Url }, call.signal),
    (api) =>
      api.status === 400 || api.status === 413
        ? { argument: 'mediaUrl', next: 'give a public address of a file of at most 16 MB' }
        : undefined
  )
  return String(objectIn(imported).sid)
}

/** Networks on which one may write freely for a day after the customer did, and what they take later. */
const networks: Readonly<Record<string, string>> = {
  whatsapp: 'WhatsApp takes only approved templates (contentSid with contentVariables)',
  messenger: 'Messenger takes nothing until they do'
}

function laterOn(address: unknown, { contentSid }: Given): string | undefined {
  const [network = ''] = String(address).split(':', 1)
  return network === 'whatsapp' && contentSid ? undefined : networks[network]
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
    const windowed = phones.filter((member) => laterOn(objectIn(member.messagingBinding).address, values) !== undefined)
    if (windowed.length === 0) return
    const recent = await conversation.messages.list({ order: 'desc', limit: 100, pageSize: 100 })
    for (const member of windowed) {
      const { address } = objectIn(member.messagingBinding)
      const last = recent.find((one) => one.participantSid === member.sid)
      if (!last || message.dateCreated.getTime() - last.dateCreated.getTime() > window_ms) {
        call.warn(`${address} wrote nothing in the last 24 hours: ${laterOn(address, values)}`)
      }
    }
  } catch (error) {
    if (!apiError(error)) throw error
    call.warn('the message is sent; which phones it reaches could not be read')
  }
}
