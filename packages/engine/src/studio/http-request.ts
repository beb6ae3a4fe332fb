import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { type Json, valueIn } from '../core/json.ts'
import type { Act, Done } from './acting.ts'
import { failAt } from './course.ts'
import { emitExecution } from './events.ts'
import { codes, WidgetFailure } from './rendering.ts'
import type { ContextChange, FlowRequest } from './rows.ts'
import { happen } from './turns.ts'

/** How long an execution waits for whoever asks: the request has its own time, which is much less. */
const patience_ms = 15 * 60_000

/** Asks an address over HTTP and waits for the answer (reference studio 4.6). */
export function makeHttpRequest(act: Act): Done {
  const { properties } = act
  const method = (properties.text('method') || 'GET').toUpperCase()
  if (method !== 'GET' && method !== 'POST')
    throw new WidgetFailure(codes.request, `the method ${method} is not possible`)
  const parameters = properties.pairs('parameters')
  if (parameters.some(([name]) => name === 'method'))
    throw new WidgetFailure(codes.request, "a parameter is called 'method'")
  const content_type = properties.text('content_type') || 'application/x-www-form-urlencoded;charset=utf-8'
  const body = properties.text('body')
  const hasBody = method === 'POST' && body !== '' && (/json/i.test(content_type) || parameters.length === 0)
  return ask(act, { method, url: properties.text('url'), content_type, body: hasBody ? body : null, parameters })
}

/** Calls a function by its address, as a form (reference studio 4.7). */
export function runFunction(act: Act): Done {
  const { properties } = act
  return ask(act, {
    method: 'POST',
    url: properties.text('url'),
    content_type: 'application/x-www-form-urlencoded;charset=utf-8',
    body: null,
    parameters: properties.pairs('parameters')
  })
}

function ask({ state, execution, widget }: Act, request: FlowRequest): Done {
  const code = widget.type === 'run-function' ? codes.function : codes.request
  if (!/^https?:\/\/[^\s/?#]+/i.test(request.url))
    throw new WidgetFailure(code, `'${request.url.slice(0, 100)}' is no address of the web`)
  const asking = state.change('execution', execution.sid, {
    waits_for: 'answer',
    ticket: `${execution.last_step_sid ?? execution.sid}`,
    request,
    date_timeout: state.at + patience_ms
  })
  emitExecution(state, 'ringdown.flow.request-asked', asking, {
    ticket: asking.ticket,
    widget: widget.name,
    type: widget.type
  })
  return 'waits'
}

/** What came of a request. */
export interface RequestAnswer {
  readonly execution_sid: string
  readonly ticket: string
  readonly widget: string
  readonly widget_type: string
  /** Undefined where nobody answered. */
  readonly status?: number
  readonly content_type?: string
  readonly body?: string
  /** JSON text of an object of texts. */
  readonly headers?: string
  /** Why nobody answered. */
  readonly failure?: string
}

/** Leads the execution on that waits for the answer; for any other it means nothing. */
export function takeAnswer(state: State, answer: RequestAnswer): Record<string, never> {
  const execution = state.tables.execution.find(answer.execution_sid)
  if (execution?.waits_for !== 'answer' || execution.ticket !== answer.ticket) return {}
  const isFunction = answer.widget_type === 'run-function'
  const { status, failure } = answer
  const isGood = status !== undefined && status >= 200 && status < 300
  const changes: ContextChange[] =
    status === undefined ? [] : [[['widgets', answer.widget], outputsOf(answer, isFunction)]]
  if (isGood) happen(state, execution.sid, 'success', changes)
  else {
    const code = isFunction ? (status === undefined ? codes.function : codes.functionAnswer) : codes.request
    const message = failure ?? `the answer's status is ${status}`
    failAt(state, execution, isFunction ? 'fail' : 'failed', { error: { code, message }, changes })
  }
  return {}
}

export function answerReads({ execution_sid: sid }: RequestAnswer, state: State): readonly Read[] {
  return state.tables.execution.find(sid) ? [] : [{ kind: 'execution', where: { sid } }]
}

/** A list at the root of an answer is not shown (reference studio 4.6). */
function outputsOf(
  { status = 0, content_type = '', body = '', headers = '{}' }: RequestAnswer,
  isFunction: boolean
): Json {
  const isJson = /^application\/json\s*(?:;|$)/i.test(content_type)
  const parsed = isJson ? valueIn(body) : undefined
  return {
    body,
    content_type,
    status_code: status,
    ...(isJsonObject(parsed) && { parsed: parsed as Json }), // it was JSON
    ...(isFunction && { headers: valueIn(headers) as Json }) // as the server wrote it
  }
}
