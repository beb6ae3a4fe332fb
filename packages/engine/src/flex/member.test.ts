import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import { seedOf } from '../core/ids.ts'
import { decide } from '../decide.ts'
import { FlexFloor } from '../testing/flex-floor.ts'
import { representMember } from './representation.ts'

describe('several agents', () => {
  const twoAgents = () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact({ order: 7 })
    contact.accept()
    floor.agent('Cy')
    contact.invite({
      worker_sid: floor.worker('Cy').sid,
      queue_sid: floor.queue('Everyone').sid,
      attributes: { note: 'please' }
    })
    return { floor, contact }
  }

  it('an invite carries what was sent again and the identifiers, nothing else', () => {
    const { contact } = twoAgents()
    expect(contact.attributes(1)).toEqual({
      note: 'please',
      flexInteractionSid: contact.interaction_sid,
      flexInteractionChannelSid: contact.channel.sid,
      flexChannelInviteSid: expect.stringMatching(/^KG/),
      conversationSid: contact.conversation.sid,
      channelType: 'sms',
      customerAddress: '+37255500001',
      customerName: '+37255500001',
      conversations: { conversation_id: contact.interaction_sid }
    })
  })

  it('hand over: the one who invites leaves, the other stays', () => {
    const { contact } = twoAgents()
    contact.leave(0)
    expect(contact.statuses).toEqual(['completed', 'reserved'])
    contact.accept(1)
    expect(contact.roster).toEqual(['+37255500001', 'Cy'])
    expect(contact.channel.status).toBe('active')
  })

  it('are both there, and one goes without the other', () => {
    const { contact } = twoAgents()
    contact.accept(1)
    expect(contact.roster).toEqual(['+37255500001', 'Bea', 'Cy'])
    contact.respond(0, 'completed')
    expect(contact.statuses).toEqual(['completed', 'assigned'])
    expect(contact.roster).toEqual(['+37255500001', 'Cy'])
    expect(contact.channel.status).toBe('active')
  })

  it('all follow from rows: a state made from them goes on the same', () => {
    const { floor, contact } = twoAgents()
    const copy = reloaded(floor.state)
    expect(snapshot(copy)).toEqual(snapshot(floor.state))
    const { sid, task_sid, workspace_sid } = contact.reservation(1)
    const command = {
      type: 'reservation.update',
      workspace_sid,
      task_sid,
      sid,
      reservation_status: 'accepted'
    } as const
    for (const state of [floor.state, copy]) decide(state, { at: floor.at, seed: seedOf(7, 7), command })
    expect(contact.roster).toEqual(['+37255500001', 'Bea', 'Cy'])
    expect(snapshot(copy)).toEqual(snapshot(floor.state))
  })

  it('the first one stays while an invite is pending, and when it is declined', () => {
    const { contact } = twoAgents()
    contact.respond(0, 'wrapping')
    expect(contact.channel.status).toBe('active')
    contact.respond(1, 'rejected')
    expect(contact.statuses).toEqual(['wrapping', 'canceled'])
    expect(contact.channel.status).toBe('active')
  })
})

describe('participants of a channel', () => {
  it('a supervisor looks in without a task, and goes', () => {
    const floor = new FlexFloor()
    const contact = floor.contact()
    const { interaction_participant } = floor.do({
      type: 'interaction_participant.create',
      ...contact.path,
      participant_type: 'supervisor',
      media_properties: { identity: 'sue' }
    })
    expect(representMember(interaction_participant).routing_properties).toBeNull()
    expect(contact.roster).toEqual(['+37255500001', 'sue'])
    floor.do({
      type: 'interaction_participant.update',
      ...contact.path,
      sid: interaction_participant.sid,
      status: 'closed'
    })
    expect(contact.roster).toEqual(['+37255500001'])
  })

  it('a customer leaves the conversation with the channel', () => {
    const floor = new FlexFloor()
    const contact = floor.contact()
    floor.do({
      type: 'interaction_participant.update',
      ...contact.path,
      sid: contact.members[0]?.sid ?? '',
      status: 'closed'
    })
    expect(contact.roster).toEqual([])
    expect(contact.eventTypes().at(-1)).toBe('participant.left')
  })
})
