import { createSink, deleteSink, testSink, updateSink } from './sink.ts'
import { createSubscribedEvent, deleteSubscribedEvent, updateSubscribedEvent } from './subscribed-event.ts'
import { createSubscription, deleteSubscription, updateSubscription } from './subscription.ts'

export const eventStreamCommands = {
  'sink.create': { decide: createSink },
  'sink.update': { decide: updateSink },
  'sink.delete': { decide: deleteSink },
  'sink.test': { decide: testSink },
  'subscription.create': { decide: createSubscription },
  'subscription.update': { decide: updateSubscription },
  'subscription.delete': { decide: deleteSubscription },
  'subscribed_event.create': { decide: createSubscribedEvent },
  'subscribed_event.update': { decide: updateSubscribedEvent },
  'subscribed_event.delete': { decide: deleteSubscribedEvent }
} as const
