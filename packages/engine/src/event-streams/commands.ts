import { createSink, deleteSink, testSink, updateSink } from './sink.ts'
import { createSubscribedEvent, deleteSubscribedEvent, updateSubscribedEvent } from './subscribed-event.ts'
import { createSubscription, deleteSubscription, updateSubscription } from './subscription.ts'

export const eventStreamCommands = {
  'sink.create': createSink,
  'sink.update': updateSink,
  'sink.delete': deleteSink,
  'sink.test': testSink,
  'subscription.create': createSubscription,
  'subscription.update': updateSubscription,
  'subscription.delete': deleteSubscription,
  'subscribed_event.create': createSubscribedEvent,
  'subscribed_event.update': updateSubscribedEvent,
  'subscribed_event.delete': deleteSubscribedEvent
} as const
