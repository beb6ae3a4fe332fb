import { carrierAnswers } from './carrier-messages.ts'
import type { DeliveryKind, Failure, Kind, Outcome } from './delivery.ts'
import { assignmentAnswers } from './receivers/assignment.ts'
import { callDocumentAnswers } from './receivers/calls.ts'
import { flowAnswers } from './receivers/flows.ts'
import { messageWebhookAnswers } from './receivers/message-webhook.ts'
import { isSituationWanted, situationAnswers } from './receivers/situations.ts'

/** Waits that double from the first, in milliseconds, none longer than the last, until they fill a span of time. */
function doubling(first: number, longest: number, span: number): number[] {
  const delays: number[] = []
  for (let delay = first, sum = 0; sum < span; sum += delay, delay = Math.min(delay * 2, longest)) delays.push(delay)
  return delays
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** How long a delivery may lie before it is too late, where the kind's own source does not say. */
const window_ms = 4 * hour

/** Nobody answered; whether the request arrived is unknown. */
function isUnanswered(outcome: Outcome): boolean {
  const unanswered: readonly Failure[] = ['timeout', 'connection']
  return 'failed' in outcome && unanswered.includes(outcome.failed)
}

/** The address does not become a better one by waiting. */
function isHopeless(outcome: Outcome): boolean {
  const hopeless: readonly Failure[] = ['address_refused', 'invalid']
  return 'failed' in outcome && hopeless.includes(outcome.failed)
}

/** The same message once more, shortly after nobody answered. */
const onceMore = { retry: { delays_ms: [second], window_ms }, jitter: 0.2, isTransient: isUnanswered }

/** A question, once: somebody waits for what the answer says, and knows what to do without one. */
const asked = { retry: { delays_ms: [] }, jitter: 0, isTransient: () => false, reads_body: true, urgent: true } as const

/** How each kind is sent. */
export const deliveryKinds: Readonly<Record<DeliveryKind, Kind>> = {
  // Reference taskrouter 8.1.
  taskrouter_event: { timeout_ms: 15 * second, redirects: 3, ...onceMore },
  // Reference taskrouter 5.4: no second try, but the fallback address.
  assignment_callback: {
    timeout_ms: 5 * second,
    redirects: 3,
    ...asked,
    ...assignmentAnswers
  },
  // Reference messaging 2.3: no second try, but the fallback address. A customer waits for the answer.
  message_webhook: {
    timeout_ms: 15 * second,
    redirects: 3,
    ...asked,
    ...messageWebhookAnswers
  },
  // Reference conversations 17.3.
  conversation_webhook: { timeout_ms: 5 * second, redirects: 0, counted: 'RetryCount', ...onceMore },
  // Reference flex 13: as often as the flow has it.
  flow_message: {
    timeout_ms: 5 * second,
    redirects: 0,
    counted: 'RetryCount',
    retry: { delays_ms: [second, 2 * second, 4 * second], window_ms },
    jitter: 0.2,
    isTransient: (outcome) => isUnanswered(outcome) || ('status' in outcome && outcome.status >= 500)
  },
  // Reference flex 9.2.
  interaction_webhook: { timeout_ms: 5 * second, redirects: 3, ...onceMore },
  // Reference events 2: up to four hours, however often.
  event_stream: {
    timeout_ms: 5 * second,
    redirects: 0,
    retry: { delays_ms: doubling(second, 15 * minute, 4 * hour), window_ms: 4 * hour },
    jitter: 0.2,
    isTransient: (outcome) => !isHopeless(outcome),
    isWanted: (state, sid) => (state.find('subscription', sid) ?? state.find('sink', sid)) !== undefined
  },
  // SEP-3415: a quarter of an hour; what did not arrive is found again from a cursor. 410 and 413 are final.
  situation_webhook: {
    timeout_ms: 10 * second,
    redirects: 0,
    retry: { delays_ms: doubling(second, 2 * minute, 15 * minute), window_ms: 15 * minute },
    jitter: 0.2,
    isTransient: (outcome) => !isHopeless(outcome) && !('status' in outcome && [410, 413].includes(outcome.status)),
    isWanted: isSituationWanted,
    ...situationAnswers
  },
  // A message that was not sent for four hours is told to have failed. Who does not want it any more is asked nothing.
  carrier_message: {
    timeout_ms: 30 * second,
    redirects: 0,
    retry: { delays_ms: doubling(second, 5 * minute, window_ms), window_ms },
    jitter: 0.2,
    isTransient: (outcome) =>
      isUnanswered(outcome) || ('status' in outcome && (outcome.status === 503 || outcome.status === 425)),
    isWanted: (state, sid) => state.resident('channel_message', sid)?.status === 'queued',
    ...carrierAnswers
  },
  // Reference rest-conventions 9.
  status_callback: { timeout_ms: 15 * second, redirects: 3, ...onceMore },
  // Reference studio 4.6: once, and the flow says what becomes of a failure.
  flow_request: {
    timeout_ms: 10 * second,
    redirects: 5,
    ...asked,
    ...flowAnswers
  },
  // Reference voice 2: no second try, but the fallback address. Somebody hears nothing until it is answered.
  call_document: {
    timeout_ms: 15 * second,
    redirects: 3,
    ...asked,
    ...callDocumentAnswers
  }
}
