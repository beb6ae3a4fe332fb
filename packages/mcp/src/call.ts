import type { CallToolResult } from '@modelcontextprotocol/server'
import { answerFirst } from './answer-first.ts'
import { type Matched, match } from './arguments.ts'
import type { Backend } from './backend.ts'
import { type ErrorBody, errorsOf, errorText, Fault, isApi } from './errors.ts'
import { checkToken } from './pages.ts'
import { resultOf } from './results.ts'
import type { Call, Progress, RefKind, Tool } from './tool.ts'
import { type CallExchange, noting, WriteNotes } from './write-headers.ts'

/** What every call of a server shares. */
export interface Serving {
  readonly backend: Backend
  readonly workspace?: string | undefined
  readonly readOnly: boolean
  readonly lists: (tool: string) => boolean
  /** Opens an exchange for a call, where the server is in this process. */
  readonly exchange?: (() => CallExchange | undefined) | undefined
  /** Is told of defects of ours, which an agent sees only as `internal`. */
  readonly onerror?: ((error: unknown) => void) | undefined
}

/** What one call brings with it, besides its arguments. */
export interface Caller {
  readonly signal: AbortSignal
  readonly progress?: Progress | undefined
}

/** Kinds of things that live inside a workspace. */
const kindsInWorkspace: ReadonlySet<RefKind> = new Set(['activity', 'task_queue', 'workflow', 'worker', 'task_channel'])

/**
 * One tool call, from what the client sent to what it gets: never a protocol error, never a stack trace.
 * A name that an older look-up resolved to a SID which is gone by now is looked up once more.
 * Whoever waits for events is told of what a call has caused after that has been answered.
 */
export async function callTool(tool: Tool, raw: unknown, serving: Serving, caller: Caller): Promise<CallToolResult> {
  const exchange = serving.exchange?.()
  const result = answerOf(raw, { tool, serving, caller, notes: new WriteNotes(exchange?.name) })
  if (!exchange) return answerFirst(serving.backend, tool.name === 'wait_for_events', result)
  try {
    return await result
  } finally {
    // The result is on its way by then.
    setImmediate(() => exchange.end())
  }
}

/** A call as it came in. */
interface Asked {
  readonly tool: Tool
  readonly serving: Serving
  readonly caller: Caller
  readonly notes: WriteNotes
}

async function answerOf(raw: unknown, asked: Asked): Promise<CallToolResult> {
  const { tool, serving, caller, notes } = asked
  try {
    const matched = match(tool, raw, serving.readOnly)
    const answered = await noting(notes, () => attempts(matched, asked))
    // For clients that can use it; agents say `since`.
    return notes.cursor === undefined ? answered : { ...answered, _meta: { 'ringdown/cursor': notes.cursor } }
  } catch (error) {
    // The SDK sends nothing to a caller who has gone: what their going broke is no defect.
    if (caller.signal.aborted) return { isError: true, content: [{ type: 'text', text: 'aborted by the caller' }] }
    const bodies = errorsOf(error, tool)
    if (bodies.some((body) => body.code === 'internal')) serving.onerror?.(error)
    return { isError: true, content: [{ type: 'text', text: errorText(bodies, serving.lists) }] }
  }
}

async function attempts(matched: Matched, asked: Asked): Promise<CallToolResult> {
  const first = { cached: false }
  try {
    return await attempt(matched, asked, first)
  } catch (error) {
    if (!first.cached || !isApi(error, 404)) throw error
    asked.serving.backend.names.forget()
    return await attempt(matched, asked, { cached: false })
  }
}

async function attempt(
  matched: Matched,
  { tool, serving, caller, notes }: Asked,
  seen: { cached: boolean }
): Promise<CallToolResult> {
  const warnings = [...matched.warnings]
  /** Codes of the server's warnings that the tool has said in its own words. */
  const said = new Set<string>()
  const { names } = serving.backend
  const given = matched.values.workspaceSid ?? matched.values.integrationWorkspaceSid
  let chosen: Promise<{ sid: string; told: boolean }> | undefined
  let told: string | undefined
  const workspace = async (): Promise<string> => {
    chosen ??=
      typeof given === 'string'
        ? names.resolve('workspace', given, 'workspaceSid').then(({ sid, cached }) => {
            seen.cached ||= cached
            return { sid, told: false }
          })
        : names.workspace(serving.workspace)
    const { sid, told: tell } = await chosen
    if (tell) told = sid
    return sid
  }
  const call: Call = {
    tool,
    action: matched.name,
    backend: serving.backend,
    names,
    lists: serving.lists,
    workspace,
    warn(sentence, ...inPlaceOf) {
      warnings.push(sentence)
      for (const code of inPlaceOf) said.add(code)
    },
    pageSize: matched.values.pageSize as number | undefined, // arguments.ts has checked the type, here and below
    pageToken: matched.values.pageToken as string | undefined,
    fields: matched.values.fields as readonly string[] | undefined,
    filters: matched.filters,
    signal: caller.signal,
    progress: caller.progress
  }
  checkToken(call.pageToken, call.filters)
  const values = await resolved(tool, matched.values, call, seen)
  const outcome = await matched.action.run(values as never, call) // the action's own values type is forgotten in the table
  const all = [...warnings, ...notes.warnings.flatMap(({ warning, message }) => (said.has(warning) ? [] : [message]))]
  return resultOf(told ? { workspaceSid: told, ...outcome } : outcome, all)
}

/** The values with SIDs where names stood; several unknown names are told at once. */
async function resolved(
  tool: Tool,
  values: Readonly<Record<string, unknown>>,
  call: Call,
  seen: { cached: boolean }
): Promise<Readonly<Record<string, unknown>>> {
  const sids: Record<string, unknown> = {}
  const faults: ErrorBody[] = []
  const named = Object.entries(values).filter(([name, value]) => tool.arguments[name]?.ref && value !== '')
  for (const [name, value] of named) {
    const kind = tool.arguments[name]?.ref
    if (!kind) continue
    try {
      if (kind === 'workspace' && name === 'workspaceSid') sids[name] = await call.workspace()
      else {
        const place = kindsInWorkspace.has(kind)
          ? await call.workspace()
          : kind === 'conversation'
            ? String(values.chatServiceSid ?? '')
            : ''
        const { sid, cached } = await call.names.resolve(kind, String(value), name, place)
        seen.cached ||= cached
        sids[name] = sid
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      for (const body of error.bodies) if (!faults.some((known) => known.message === body.message)) faults.push(body)
    }
  }
  if (faults.length > 0) throw new Fault(faults)
  return { ...values, ...sids }
}
