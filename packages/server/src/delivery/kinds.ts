import type { DeliveryKind, Failure, Kind, Outcome } from './delivery.ts'
import { assignmentAnswers } from './receivers/assignment.ts'

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

/** How each kind is sent. */
export const deliveryKinds: Readonly<Record<DeliveryKind, Kind>> = {
  // Reference taskrouter 8.1.
  taskrouter_event: { timeout_ms: 15 * second, redirects: 3, ...onceMore },
  // Reference taskrouter 5.4: no second try, but the fallback address.
  assignment_callback: {
    timeout_ms: 5 * second,
    redirects: 3,
    retry: { delays_ms: [] },
    jitter: 0,
    isTransient: () => false,
    reads_body: true,
    urgent: true,
    ...assignmentAnswers()
  },
  // Reference conversations 17.3.
  conversation_webhook: { timeout_ms: 5 * second, redirects: 0, counted: 'RetryCount', ...onceMore },
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
  // Reference rest-conventions 9.
  status_callback: { timeout_ms: 15 * second, redirects: 3, ...onceMore }
}
