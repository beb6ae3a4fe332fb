import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkAccountSid } from '../numbers/callback.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import { redirectCall } from './call.ts'
import { queueMemberFor, queueOf } from './queue.ts'
import type { QueueMemberRow } from './rows.ts'

interface OfQueue {
  readonly account_sid?: string
  readonly queue_sid: string
  /** `CA…`, or `Front`. */
  readonly call_sid: string
}

export interface DequeueMember extends OfQueue {
  readonly url: string
  readonly method?: CallbackMethod
}

/** Takes a call out of its queue: it runs the document at an address from now on (reference voice 7). */
export function dequeueMember(state: State, params: DequeueMember): { queue_member: QueueMemberRow } {
  checkAccountSid(state, params)
  const queue_member = queueMemberOf(state, params)
  if (!/^https?:\/\/[^\s/?#]+/i.test(params.url)) refuse('call.bad_url', `Url '${params.url}' is not valid`)
  redirectCall(state, queue_member.call_sid, { url: params.url, method: params.method })
  return { queue_member }
}

export function queueMemberOf(state: State, { queue_sid, call_sid }: OfQueue): QueueMemberRow {
  const queue = queueOf(state, queue_sid)
  const member =
    call_sid === 'Front' ? state.tables.queue_member.firstBy('queue_sid', queue.sid) : queueMemberFor(state, call_sid)
  return member?.queue_sid === queue.sid ? member : notFound(`/Queues/${queue_sid}/Members/${call_sid}`)
}
