import { expect, it } from 'vitest'
import { sentenceOf } from './event-sentence.ts'

it.each([
  [
    'reservation.created',
    { worker_name: 'bob', task_queue_name: 'Support', task_age: 600 },
    'Task offered to bob in Support (waited 10 min)'
  ],
  ['reservation.timeout', { worker_name: 'bob' }, 'bob did not answer a task in time'],
  [
    'task.created',
    { task_channel_unique_name: 'chat', workflow_name: 'Default' },
    'Task created (chat, workflow Default)'
  ],
  ['task.canceled', { task_queue_name: 'Support', task_canceled_reason: 'gone' }, 'Task canceled in Support: gone'],
  [
    'worker.activity.update',
    { worker_name: 'bob', worker_activity_name: 'Break', worker_previous_activity_name: 'Available' },
    'bob is Break now, was Available'
  ],
  [
    'worker.channel.availability.update',
    { worker_name: 'bob', worker_channel_available: 'false', task_channel_unique_name: 'sms' },
    'bob does not take sms now'
  ],
  [
    'conversation.state.updated',
    { friendly_name: 'Ana', state_from: 'active', state_to: 'closed' },
    'Conversation Ana went from active to closed'
  ],
  ['interaction.participant.joined', { participant_type: 'agent' }, 'A participant (agent) joined an interaction'],
  ['task-queue.created', {}, 'TaskQueue Support created']
])('a sentence of %s %j', (type, data, sentence) => {
  expect(sentenceOf(type, data, 'TaskQueue Support created')).toBe(sentence)
})
