import { describe, expect, it } from 'vitest'
import { happened } from './days.ts'
import { type ProfileName, profiles } from './profiles.ts'

/*
 * As simulation.test.ts, with so many seeds that chance leaves nothing out: each profile does what it is there for.
 */

const seeds = 38

/** How often, at least, the seeds of a profile do what chance easily leaves out. */
const worthTheName: Readonly<Record<string, number>> = {
  'reservation.cancel': 1,
  'reservation.instruct': 10,
  'reservation.callback_failed': 3,
  'task.transfer-initiated': 1,
  'dry run': 20
}

/** What these profiles are there for. */
const special: Readonly<Partial<Record<ProfileName, typeof worthTheName>>> = {
  crowd: { 'timer.judging': 60, 'timer.judging, not the last': 150 },
  contacts: {
    'reservation.instruct': 3,
    'reservation.callback_failed': 1,
    'row out of memory': 500,
    read: 500,
    'conversation.update': 40,
    'message.update': 2,

    'user.update': 5,
    'interaction_channel.update': 12,
    'interaction.participant.joined': 30
  },
  messages: {
    'reservation.instruct': 1,
    'reservation.callback_failed': 0,
    'row out of memory': 300,
    read: 200,
    'conversation.receive': 40,
    'message.delivery.updated': 25,
    'message_receipt.report': 10,
    'user_conversation.update': 2,
    'role.create': 5,
    'configuration_address.create': 15
  },
  desk: {
    'reservation.instruct': 2,
    'reservation.callback_failed': 0,
    'row out of memory': 200,
    'note.update': 5,
    'canned_response.update': 5,
    'canned_response.import': 5,
    'ringdown.reservation.auto-accepted': 20,
    'ringdown.wrap-up.started': 5,
    'ringdown.wrap-up.updated': 1,
    'ringdown.wrap-up.ended': 3,
    'ringdown.contact.parked': 1,
    'ringdown.contact.unparked': 1
  },
  channels: {
    'reservation.instruct': 1,
    'reservation.callback_failed': 0,
    'task.transfer-initiated': 0,
    'row out of memory': 200,
    'phone.take': 50,
    'channel_message.received': 20,
    'channel_message.sent': 10,
    'channel_message.delivered': 5,
    'channel_message.report': 20,
    'channel_message.redacted': 2,
    'channel_message.receive': 10,
    'channel_message.receive_part': 10,
    'timer.message_part': 3,
    'message.delivery.updated': 10
  },
  lines: {
    'reservation.instruct': 1,
    'reservation.callback_failed': 0,
    'row out of memory': 100,
    'incoming_phone_number.create': 20,
    'incoming_phone_number.delete': 5,
    'messaging_service.delete': 5,
    'pool.add_phone_number': 15,
    'pool.add_channel_sender': 2,
    'pool.remove_phone_number': 2,
    'channel_message.accepted': 20,
    'channel_message.received': 10,
    'configuration_address.create': 10
  },
  people: {
    'reservation.instruct': 2,
    'reservation.callback_failed': 0,
    'dry run': 10,
    'session.start': 60,
    'session.touch': 10,
    'ringdown.session.ended': 30,
    'timer.session': 10,
    'timer.setup_link': 3,
    'setup_link.use': 5,
    'flex_user.update': 40,
    'key.delete': 2
  },
  webchat: {
    'reservation.instruct': 0,
    'reservation.callback_failed': 0,
    'task.transfer-initiated': 0,
    'dry run': 5,
    'row out of memory': 200,
    'webchat-session.opened': 80,
    'webchat-session.over': 30,
    'webchat-session.ended': 20,
    'webchat-session.rated': 10,
    'webchat_session.resume': 60,
    'timer.webchat_session': 5
  },
  voice: {
    'reservation.cancel': 0,
    'reservation.instruct': 0,
    'reservation.callback_failed': 0,
    'task.transfer-initiated': 0,
    'dry run': 0,
    'row out of memory': 100,
    'call.document': 150,
    'call.answered': 30,
    'ringdown.call.queued': 10,
    'conference.participant-join': 3,
    'recording.completed': 1
  },
  flows: {
    'reservation.instruct': 0,
    'reservation.callback_failed': 0,
    'task.transfer-initiated': 0,
    'dry run': 10,
    'row out of memory': 500,
    'flow.execution.started': 100,
    'flow.step.ended': 400,
    'execution.answer': 40,
    'timer.execution_timeout': 5,
    'ringdown.flow.execution-erased': 10,
    'ringdown.flow.execution-removed': 5,
    'ringdown.flow.request-asked': 2
  },
  engagements: {
    'reservation.instruct': 0,
    'reservation.callback_failed': 0,
    'row out of memory': 300,
    'interaction.transfer.created': 25,
    'interaction.transfer.completed': 10,
    'interaction.transfer.failed': 3,
    'interaction.participant.joined': 30
  },
  escalation: { 'timer.workflow_document': 15, 'timer.workflow_document, not the last': 5 },
  handover: {
    'transfer.create': 50,
    'transfer.cancel': 10,
    'task.transfer-completed': 10,
    'task.transfer-attempt-failed': 10,
    'task.transfer-failed': 5,
    'task.transfer-canceled': 15
  }
}

describe('whatever happens on the floor, for long', () => {
  for (const profile of Object.keys(profiles) as ProfileName[]) {
    // the keys of the catalogue are its names
    it(`goes as the reference has it, and is worth the name: ${profile} (${seeds} seeds)`, () => {
      const { done, ...total } = happened(profile, seeds)
      expect(total.decided).toBeGreaterThan(seeds * 40)
      expect(total.refused).toBeGreaterThan(seeds)
      expect(total.offers).toBeGreaterThan(seeds * 5)
      for (const [type, times] of Object.entries({ ...worthTheName, ...special[profile] }))
        expect(done.get(type) ?? 0, type).toBeGreaterThanOrEqual(times)
    }, 120_000)
  }
})
