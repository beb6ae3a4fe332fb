import { describe, expect, it } from 'vitest'
import { eventTypes } from '../events.ts'
import { ownPrefix, streamSchemas, streamTypeOf, streamTypes, streamTypesFrom } from './catalogue.ts'

/** Events of the engine that Event Streams does not tell, and why. */
const ofAccess = 'says who may come in, which is for the account alone; Twilio tells of no such thing'

const untold: Readonly<Record<string, string>> = {
  'ringdown.key.created': ofAccess,
  'ringdown.key.updated': ofAccess,
  'ringdown.key.deleted': ofAccess,
  'ringdown.flex-user.created': ofAccess,
  'ringdown.flex-user.updated': ofAccess,
  'ringdown.flex-user.deleted': ofAccess,
  'ringdown.session.started': ofAccess,
  'ringdown.session.ended': ofAccess,
  'ringdown.conversation-webhook.added': 'lets a webhook catch up with older messages; nothing has happened to anybody',
  'note.added': 'is between colleagues: it goes to nobody outside',
  'note.updated': 'is between colleagues: it goes to nobody outside',
  'note.removed': 'is between colleagues: it goes to nobody outside',
  'canned-response.created': 'concerns desks alone',
  'canned-response.updated': 'concerns desks alone',
  'canned-response.deleted': 'concerns desks alone',
  'ringdown.user.removed': 'says whose text is to be blanked; Twilio tells of no such thing',
  'ringdown.conversations-service.removed': 'says whose text is to be blanked; Twilio tells of no such thing'
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
