import { describe, expect, it } from 'vitest'
import { afterAll, afterMessage, patched } from './patches.ts'
import type { FeedEvent, ShownMessage, WorkerDesk } from './rows.ts'

/* What an event of the feed does to a desk that was asked for before it. */

const at = '2026-03-02T09:00:00.000Z'

const desk: WorkerDesk = {
  cursor: 'c',
  at,
  worker: {
    ...{ sid: 'WK1', version: 1, friendly_name: 'amelie', attributes: '{}', activity_sid: 'WA1' },
    ...{ activity_name: 'Available', available: true, date_status_changed: at }
  },
  channels: [],
  reservations: [
    {
      ...{ sid: 'WR1', version: 1, task_sid: 'WT1', worker_sid: 'WK1', reservation_status: 'accepted' },
      ...{ task_channel_unique_name: 'sms', date_created: at, date_updated: at, timeout_at: null },
      ...{ wrap_up_ends_at: null, wrap_up_extended: false }
    }
  ],
  tasks: [
    {
      ...{ sid: 'WT1', version: 3, assignment_status: 'assigned', attributes: '{}', priority: 0, age: 0, reason: null },
      ...{
        task_queue_sid: 'WQ1',
        task_queue_friendly_name: 'Support',
        workflow_sid: null,
        workflow_friendly_name: null
      },
      ...{ task_channel_unique_name: 'sms', date_created: at, date_updated: at, task_queue_entered_date: at },
      conversation_sid: 'CH1'
    }
  ],
  conversations: [
    {
      ...{ sid: 'CH1', version: 1, chat_service_sid: 'IS1', friendly_name: 'Ana', unique_name: null, attributes: '{}' },
      ...{
        state: 'active',
        task_sid: 'WT1',
        date_created: at,
        date_updated: at,
        last_message: null,
        last_messages: []
      },
      participants: [
        {
          ...{ sid: 'MB1', identity: null, address: '+331', proxy_address: '+150', binding_type: 'sms' },
          ...{ attributes: '{}', last_read_message_index: null }
        }
      ],
      ...{ last_read_message_index: null, unread_count: 1, waiting_since: at, reply_due_at: null }
    }
  ]
}

function event(type: string, data: FeedEvent['data']): FeedEvent {
  return { sid: 'EV1', type, at, resource_sid: 'x', data }
}

const message = {
  conversation_sid: 'CH1',
  message_sid: 'IM5',
  index: 5,
  body: 'Hello',
  attributes: '{}',
  date_created: 0
}

describe('an event of the feed', () => {
  it('counts what a customer writes as unread', () => {
    const next = patched(desk, event('message.added', { ...message, author: '+331', participant_sid: 'MB1' }))
    expect(next).toMatchObject({ conversations: [{ unread_count: 2, last_message: { sid: 'IM5', body: 'Hello' } }] })
  })

  it('takes the own answer for having read, and nobody waits then', () => {
    const next = patched(desk, event('message.added', { ...message, author: 'amelie' }))
    expect(next).toMatchObject({ conversations: [{ unread_count: 0, waiting_since: null }] })
  })

  it('changes nothing when it is older than what is there', () => {
    const newer = patched(desk, event('message.added', { ...message, author: 'amelie' })) as WorkerDesk // not asked for
    expect(patched(newer, event('message.added', { ...message, index: 4, author: '+331' }))).toBe(newer)
    const told = event('task.updated', { task_sid: 'WT1', task_version: 2, task_attributes: '{"old":1}' })
    expect(patched(desk, told)).toMatchObject({ tasks: [{ version: 3, attributes: '{}' }] })
  })

  it('shows what has become of the last message', () => {
    const next = patched(
      desk,
      event('message.added', { ...message, author: '+331', participant_sid: 'MB1' })
    ) as WorkerDesk // not asked for
    expect(patched(next, event('message.updated', { ...message, body: 'Hello!' }))).toMatchObject({
      conversations: [{ unread_count: 2, last_message: { sid: 'IM5', body: 'Hello!' } }]
    })
  })

  it.each([
    ['of another worker', event('reservation.created', { worker_sid: 'WK2', task_sid: 'WT2' })],
    [
      'of a conversation that is not here',
      event('message.added', { ...message, conversation_sid: 'CH9', author: 'x' })
    ],
    ['of a canned response', event('canned-response.updated', { canned_response_sid: 'CR1' })]
  ])('%s leaves the desk as it is', (_, one) => {
    expect(patched(desk, one)).toBe(desk)
  })

  it.each([
    ['an offer', event('reservation.created', { worker_sid: 'WK1', reservation_sid: 'WR2', task_sid: 'WT2' })],
    [
      'the end of a task',
      event('reservation.completed', { worker_sid: 'WK1', reservation_sid: 'WR1', task_sid: 'WT1' })
    ],
    ['another activity', event('worker.activity.update', { worker_sid: 'WK1' })],
    ['somebody unknown who writes', event('message.added', { ...message, author: 'somebody' })]
  ])('%s has more to it than is told: the desk is asked for', (_, one) => {
    expect(patched(desk, one)).toBe('ask')
  })

  it('that came while the desk was asked for is not forgotten with the answer, nor counted twice', () => {
    const heard = [event('message.added', { ...message, author: '+331', participant_sid: 'MB1' })]
    const late = afterAll(desk, heard)
    expect(late).toMatchObject({ conversations: [{ unread_count: 2, last_message: { sid: 'IM5' } }] })
    expect(afterAll(late, heard)).toBe(late)
    const unknown = event('reservation.created', { worker_sid: 'WK1', reservation_sid: 'WR2', task_sid: 'WT2' })
    expect(afterAll(desk, [unknown])).toBe(desk)
  })
})

const said = (index: number, more: Partial<ShownMessage> = {}): ShownMessage => ({
  ...{ sid: `IM${index}`, index, author: '+331', participant_sid: 'MB1', body: `No. ${index}`, media: [] },
  ...{ attributes: '{}', date_created: at, delivery: undefined },
  ...more
})

describe('what is heard of a message', () => {
  it('puts a new one in its place, whichever comes first', () => {
    expect(afterMessage([said(0), said(2)], 'message.added', said(1)).map(({ index }) => index)).toEqual([0, 1, 2])
  })

  it('is said once, and what is known of its delivery stays', () => {
    const known = [said(0, { delivery: 'failed' })]
    expect(afterMessage(known, 'message.added', said(0))).toBe(known)
    const updated = afterMessage(known, 'message.updated', said(0, { body: 'Other' }))
    expect(updated).toMatchObject([{ body: 'Other', delivery: 'failed' }])
  })

  it('takes away what was removed', () => {
    expect(afterMessage([said(0), said(1)], 'message.removed', said(0))).toEqual([said(1)])
  })
})
