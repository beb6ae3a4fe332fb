import { isJsonObject } from '@ringdown/contract/json-text'
import type { SendOutcome } from '../carriers/carrier.ts'
import type { Carry } from '../carriers/carry.ts'
import type { Kind, Outcome } from './delivery.ts'
import { Patience } from './patience.ts'
import type { CarrierSender } from './transport.ts'

/*
 * Messages to carriers are deliveries like any other: their attempts, waits, breaker and order are those of webhooks. What a
 * carrier answers stands in an outcome as if it had come over HTTP: 200 taken, 400 refused, 503 not now, 425 not now and only this one.
 */

/** Gives a message to its carrier, within the time of an attempt. */
export function carrierSender(carry: Carry): CarrierSender {
  return async ({ message_sid }, { kind, patience = new Patience() }) => {
    const abort = new AbortController()
    patience.whenOver(() => abort.abort())
    patience.begin(kind.timeout_ms)
    try {
      return await Promise.race([carry(message_sid, abort.signal).then(outcomeOf), lateness(abort.signal, patience)])
    } finally {
      patience.end()
    }
  }
}

/** A carrier that does not look at its signal is not waited for. */
function lateness(signal: AbortSignal, patience: Patience): Promise<Outcome> {
  return new Promise((resolve) => {
    const over = () => {
      resolve(
        patience.isLate
          ? { failed: 'timeout', reason: 'the carrier did not answer in time' }
          : { failed: 'connection', reason: 'given up' }
      )
    }
    if (signal.aborted) over()
    else signal.addEventListener('abort', over, { once: true })
  })
}

function outcomeOf(outcome: SendOutcome): Outcome {
  if ('away' in outcome) {
    const { away, after_ms } = outcome
    return after_ms === undefined ? { failed: 'connection', reason: away } : later(503, after_ms, away)
  }
  if ('wait' in outcome) return later(425, outcome.after_ms, outcome.wait)
  return { status: 'taken' in outcome ? 200 : 400, headers: {}, body: JSON.stringify(outcome) }
}

function later(status: number, after_ms: number, body: string): Outcome {
  return { status, headers: { 'retry-after': String(Math.ceil(after_ms / 1000)) }, body }
}

type Answer = Exclude<SendOutcome, { readonly away: string } | { readonly wait: string }>

/** What an outcome of `outcomeOf` says; undefined where there was no answer. */
function answerIn(outcome: Outcome): Answer | undefined {
  if ('failed' in outcome || (outcome.status !== 200 && outcome.status !== 400)) return undefined
  const value: unknown = JSON.parse(outcome.body)
  return isJsonObject(value) ? (value as unknown as Answer) : undefined // as outcomeOf wrote it
}

/** When a message has arrived at its carrier, and what comes of that: the message is sent, or has failed. */
export const carrierAnswers: Required<Pick<Kind, 'refusal' | 'answered'>> = {
  refusal(outcome) {
    const answer = answerIn(outcome)
    if (answer === undefined) return 'failed' in outcome ? outcome.reason : outcome.body
    return 'taken' in answer ? undefined : `${answer.error_code}: ${answer.error_message}`
  },

  async answered({ about, outcome }, ledger) {
    const { message_sid: sid } = about
    if (sid === undefined) throw new Error('invariant: a message to a carrier is about itself')
    const answer = answerIn(outcome)
    if (answer === undefined) {
      const reason = 'failed' in outcome ? outcome.reason : outcome.body
      const error_message = `The carrier could not be reached: ${reason}`
      await ledger.execute({ type: 'channel_message.given', sid, error_code: 30008, error_message, trouble: true })
    } else if ('taken' in answer) {
      if (answer.is_noted) return
      await ledger.execute({ type: 'channel_message.given', sid, provider_sid: answer.taken })
    } else {
      await ledger.execute({ type: 'channel_message.given', sid, ...answer })
    }
  }
}
