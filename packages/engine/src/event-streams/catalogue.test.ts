import { describe, expect, it } from 'vitest'
import { eventTypes } from '../events.ts'
import { ownPrefix, streamSchemas, streamTypeOf, streamTypes, streamTypesFrom } from './catalogue.ts'

/** Events of the engine that Event Streams does not tell, and why. */
const ofAccess = 'says who may come in, which is for the account alone; Twilio tells of no such thing'

const ofChannels = 'is for whoever connects channels; Twilio tells of no such thing'
const ofSound = 'is for whoever has the sound, or asks programs'
const ofRequests = 'leads nowhere, or is known to whoever asked for it; Twilio tells of no such thing'
const ofSituations = 'goes by MCP Events and the feed to whoever has asked for it by a rule'
const ofPages = 'is about a page of ours; what is said there is told of the conversation'
const ofMessages = 'leads nowhere yet, or takes away; Twilio tells of no such status'

const untold: Readonly<Record<string, string>> = {
  'ringdown.key.created': ofAccess,
  'ringdown.key.updated': ofAccess,
  'ringdown.key.deleted': ofAccess,
  'ringdown.flex-user.created': ofAccess,
  'ringdown.flex-user.updated': ofAccess,
  'ringdown.flex-user.deleted': ofAccess,
  'ringdown.session.started': ofAccess,
  'ringdown.session.ended': ofAccess,
  'ringdown.situation-subscription.created': ofSituations,
  'ringdown.situation-subscription.terminated': ofSituations,
  'ringdown.situation-subscription.gap': ofSituations,
  'ringdown.task.waiting': ofSituations,
  'ringdown.queue.threshold': ofSituations,
  'ringdown.conversation-webhook.added': 'lets a webhook catch up with older messages; nothing has happened to anybody',
  'message.delivery.updated': 'is told by webhooks; Twilio has discontinued its type of event',
  'note.added': 'is between colleagues: it goes to nobody outside',
  'note.updated': 'is between colleagues: it goes to nobody outside',
  'note.removed': 'is between colleagues: it goes to nobody outside',
  'canned-response.created': 'concerns desks alone',
  'canned-response.updated': 'concerns desks alone',
  'canned-response.deleted': 'concerns desks alone',
  'channel_message.accepted': ofMessages,
  'channel_message.scheduled': ofMessages,
  'channel_message.canceled': ofMessages,
  'channel_message.redacted': ofMessages,
  'channel_message.removed': ofMessages,
  'phone_message.received': ofChannels,
  'phone_message.written': ofChannels,
  'phone.created': ofChannels,
  'phone.updated': ofChannels,
  'phone.removed': ofChannels,
  'carrier.created': ofChannels,
  'carrier.updated': ofChannels,
  'carrier.ready': ofChannels,
  'carrier.removed': ofChannels,
  'ringdown.message-webhook.redirected': 'goes on with asking; nothing has happened to anybody',
  'ringdown.worker.updated': 'says that a name has changed, which desks show; Twilio tells of no such thing',
  'ringdown.task-queue.updated': 'says what has changed beside the expression; Twilio tells of no such thing',
  'ringdown.flex-configuration.updated': 'concerns desks alone',
  'ringdown.media.removed': 'says that a file was never sent; Twilio tells of no such thing',
  'ringdown.user.removed': 'says whose text is to be blanked; Twilio tells of no such thing',
  'ringdown.conversations-service.removed': 'says whose text is to be blanked; Twilio tells of no such thing',
  'ringdown.flow.request-asked': 'the way of a flow to whoever asks over HTTP for it',
  'ringdown.flow.execution-erased': 'what was said is taken out of the log by it',
  'ringdown.flow.execution-removed': 'what was said is taken out of the log by it',
  'ringdown.flow.handoff-requested': 'between Studio and Flex',
  'ringdown.flow.handoff-answered': 'between Flex and Studio',
  'ringdown.reservation.instructed': 'between routing and whoever has the calls',
  'ringdown.call.leg-changed': ofSound,
  'ringdown.conference.waiting-changed': ofSound,
  'ringdown.call.document-asked': ofSound,
  'ringdown.call.flow-asked': 'between calls and flows',
  'ringdown.call.ready': 'leads on inside the decision',
  'call.deleted': ofRequests,
  'queue.created': ofRequests,
  'queue.updated': ofRequests,
  'queue.deleted': ofRequests,
  'recording.in-progress': ofRequests,
  'recording.paused': ofRequests,
  'recording.absent': ofRequests,
  'recording.deleted': ofRequests,
  'webchat-deployment.created': ofPages,
  'webchat-deployment.updated': ofPages,
  'webchat-deployment.deleted': ofPages,
  'webchat-session.opened': ofPages,
  'webchat-session.over': ofPages,
  'webchat-session.ended': ofPages,
  'webchat-session.rated': ofPages
}

describe('the catalogue of event types', () => {
  it('tells every event of the engine, or somebody has said why not', () => {
    const missing = eventTypes.filter((type) => !streamTypesFrom.has(type) && !Object.hasOwn(untold, type))
    expect(missing).toEqual([])
    for (const type of Object.keys(untold))
      expect({ type, isTold: streamTypesFrom.has(type) }).toMatchObject({ isTold: false })
  })

  it('has every type once, and none of ours under a name that could be Twilio’s', () => {
    const names = streamTypes.map(({ type }) => type)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^(com\.twilio|org\.ringdown)(\.[a-z][a-z-]*)+$/.test(name))).toEqual([])
    expect(names.filter((name) => name.startsWith('com.twilio.flex.'))).toEqual([])
    for (const { type, schema_id } of streamTypes) {
      expect({ type, isOurs: schema_id.startsWith('Ringdown.') }).toEqual({ type, isOurs: type.startsWith(ownPrefix) })
    }
  })

  it('gives all types of a schema the same latest version', () => {
    for (const { type, schema_id, latest_version } of streamTypes) {
      expect({ type, latest_version: streamSchemas.get(schema_id)?.latest_version }).toEqual({ type, latest_version })
    }
  })

  it('finds a type by its name', () => {
    expect(streamTypeOf('com.twilio.conversations.conversation-state.updated')).toMatchObject({
      schema_id: 'Conversations.ConversationStateUpdated',
      from: 'conversation.state.updated'
    })
    expect(streamTypeOf('conversation.state.updated')).toBeUndefined()
  })
})
