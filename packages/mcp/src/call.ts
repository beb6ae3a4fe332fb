import { setTimeout as pause } from 'node:timers/promises'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { type Matched, match } from './arguments.ts'
import type { Backend } from './backend.ts'
import { type ErrorBody, errorsOf, errorText, Fault, isApi } from './errors.ts'
import { checkToken } from './pages.ts'
import { noting } from './position.ts'
import { resultOf } from './results.ts'
import type { Call, Progress, RefKind, Tool } from './tool.ts'

/** What every call of a server shares. */
export interface Serving {
  readonly backend: Backend
  readonly workspace?: string | undefined
  readonly readOnly: boolean
  readonly lists: (tool: string) => boolean
  /** Is told of defects of ours, which an agent sees only as `internal`. */
  readonly onerror?: ((error: unknown) => void) | undefined
}

/** What one call brings with it, besides its arguments. */
export interface Caller {
  readonly signal: AbortSignal
  readonly progress?: Progress | undefined
}

/** Kinds of things that live inside a workspace. */
const IN_WORKSPACE: ReadonlySet<RefKind> = new Set(['activity', 'task_queue', 'workflow', 'worker', 'task_channel'])

/**
 * One tool call, from what the client sent to what it gets: never a protocol error, never a stack trace.
 * A name that an older look-up resolved to a SID which is gone by now is looked up once more.
 * Whoever waits for events is told of what other calls have caused after those have been answered.
 */
export async function callTool(tool: Tool, raw: unknown, serving: Serving, caller: Caller): Promise<CallToolResult> {
  const result = answerOf(tool, raw, serving, caller)
  if (tool.name === 'wait_for_events') {
    const answer = await result
    await Promise.race([Promise.all(answering(serving.backend)), pause(patience_ms, undefined, { ref: false })])
    return answer
  }
  const all = answering(serving.backend)
  const answered = result.then(() => pause(leaving_ms, undefined, { ref: false })).finally(() => all.delete(answered))
  all.add(answered)
  return result
}

/** How long the answers of other calls are waited for, and how long after it was made an answer has surely left. Milliseconds. */
const patience_ms = 250
const leaving_ms = 10

/** Calls of an account whose answers are on their way. */
const underWay = new WeakMap<Backend, Set<Promise<void>>>()

function answering(backend: Backend): Set<Promise<void>> {
  const all = underWay.get(backend) ?? new Set()
  underWay.set(backend, all)
  return all
}

async function answerOf(tool: Tool, raw: unknown, serving: Serving, caller: Caller): Promise<CallToolResult> {
  try {
    const matched = match(tool, raw, serving.readOnly)
    const { done, cursor } = await noting(() => attempts(tool, matched, serving, caller))
    // For clients that can use it; agents say `since`.
    return cursor === undefined ? done : { ...done, _meta: { 'ringdown/cursor': cursor } }
  } catch (error) {
    // The SDK sends nothing to a caller who has gone: what their going broke is no defect.
    if (caller.signal.aborted) return { isError: true, content: [{ type: 'text', text: 'aborted by the caller' }] }
    const bodies = errorsOf(error, tool)
    if (bodies.some((body) => body.code === 'internal')) serving.onerror?.(error)
    return { isError: true, content: [{ type: 'text', text: errorText(bodies, serving.lists) }] }
  }
}

async function attempts(tool: Tool, matched: Matched, serving: Serving, caller: Caller): Promise<CallToolResult> {
  const first = { cached: false }
  try {
    return await attempt(tool, matched, serving, caller, first)
  } catch (error) {
    if (!first.cached || !isApi(error, 404)) throw error
    serving.backend.names.forget()
    return await attempt(tool, matched, serving, caller, { cached: false })
  }
}

async function attempt(
  tool: Tool,
  matched: Matched,
  serving: Serving,
  caller: Caller,
  seen: { cached: boolean }
): Promise<CallToolResult> {
  const warnings = [...matched.warnings]
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
    warn: (sentence) => warnings.push(sentence),
    warnings,
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
  return resultOf(told ? { workspaceSid: told, ...outcome } : outcome, call)
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
        const place = IN_WORKSPACE.has(kind)
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
