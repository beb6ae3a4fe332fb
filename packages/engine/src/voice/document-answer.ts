import type { State } from '../center.ts'
import type { CallbackMethod } from '../numbers/rows.ts'
import type { VoiceVerb } from './program.ts'
import { isLiving } from './rows.ts'
import { failed, takeDocument } from './runner.ts'

export interface DocumentAnswer {
  readonly call_sid: string
  readonly ticket: string
  /** Where the document is from, after redirects. */
  readonly url: string
  readonly method: CallbackMethod
  readonly verbs: readonly VoiceVerb[]
  /** What went wrong: an error leaves no document. */
  readonly problems: readonly {
    readonly code: number
    readonly reason: string
    readonly url: string
    readonly level: 'error' | 'warning'
  }[]
  /** Whether there is no document at all. */
  readonly isMissing: boolean
}

/** Takes what a program has answered. An answer to a question that nobody asks any more changes nothing. */
export function answerDocument(state: State, answer: DocumentAnswer): Record<string, never> {
  const { call_sid, ticket, url, method, verbs, problems, isMissing } = answer
  const call = state.tables.call.find(call_sid)
  if (!call || call.request?.ticket !== ticket) return {}
  const { role } = call.request
  const [last] = problems.filter(({ level }) => level === 'error').slice(-1)
  const isFailed = isMissing && isLiving(call)
  for (const problem of problems)
    if (!isFailed || problem !== last) state.emit('ringdown.call.document-failed', { call, extra: { ...problem } })
  if (!isLiving(call)) state.change('call', call_sid, { request: null })
  else if (isMissing) failed(state, call_sid, last ?? { code: 11200, reason: 'there was no answer', url }, role)
  else takeDocument(state, call_sid, { verbs, url, method })
  return {}
}
