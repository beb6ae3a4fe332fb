import { createHash } from 'node:crypto'
import {
  type CallToolResult,
  type InputRequiredResult,
  inputRequired,
  type LoggingLevel
} from '@modelcontextprotocol/server'
import { masked, type Privacy } from '@ringdown/contract/masking'
import { answerFirst } from './answer-first.ts'
import { type Matched, match } from './arguments.ts'
import type { Backend } from './backend.ts'
import { type Asking, type Confirm, ConfirmationNeeded, confirmed, requestStates, sortedText } from './confirmation.ts'
import { fencedOutcome, maskedError } from './customers-words.ts'
import { type ErrorBody, errorsOf, errorText, Fault, isApi } from './errors.ts'
import { jsonText, objectIn } from './json.ts'
import { checkToken } from './pages.ts'
import { takeTurn } from './rate.ts'
import { type Outcome, resultOf } from './results.ts'
import type { Call, Progress, RefKind, Tool } from './tool.ts'
import { type CallExchange, noting, WriteNotes } from './write-headers.ts'

/** A result, or a question to a person whose answer comes with the same call again. */
export type Answer = CallToolResult | InputRequiredResult

/** What every call of a server shares. */
export interface Serving {
  readonly backend: Backend
  readonly workspace?: string | undefined
  readonly readOnly: boolean
  readonly lists: (tool: string) => boolean
  readonly confirm: Confirm
  readonly privacy: Privacy
  /** Is told of defects of ours, which an agent sees only as `internal`. */
  readonly onerror?: ((error: unknown) => void) | undefined
}

/** What one call brings with it, besides its arguments. */
export interface Caller {
  readonly signal: AbortSignal
  readonly progress?: Progress | undefined
  /** How the caller can be asked to confirm a write. */
  readonly asking: Omit<Asking, 'token'> & { readonly state: string | undefined }
  /** Opens an exchange for the call, where the server is in this process. */
  readonly exchange?: (() => CallExchange | undefined) | undefined
  /** Tells the caller beside the result, where it has said that it hears that. */
  readonly log?: ((level: LoggingLevel, data: object) => void) | undefined
}

/** Kinds of things that live inside a workspace. */
const kindsInWorkspace: ReadonlySet<RefKind> = new Set(['activity', 'task_queue', 'workflow', 'worker', 'task_channel'])

/**
 * One tool call, from what the client sent to what it gets: never a protocol error, never a stack trace.
 * A name that an older look-up resolved to a SID which is gone by now is looked up once more.
 * Whoever waits for events is told of what a call has caused after that has been answered.
 */
export async function callTool(tool: Tool, raw: unknown, serving: Serving, caller: Caller): Promise<Answer> {
  const exchange = caller.exchange?.()
  const result = answerOf({ raw, tool, serving, caller, notes: new WriteNotes(exchange?.name) })
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
  readonly raw: unknown
  readonly tool: Tool
  readonly serving: Serving
  readonly caller: Caller
  readonly notes: WriteNotes
}

async function answerOf(asked: Asked): Promise<Answer> {
  const { raw, tool, serving, caller, notes } = asked
  let matched: Matched | undefined
  try {
    takeTurn(serving.backend)
    matched = match(tool, withoutToken(raw), serving.readOnly)
    const write = matched
    const answered = await noting(notes, () => attempts(write, asked))
    await note(asked, matched, 'done')
    // For clients that can use it; agents say `since`.
    return notes.cursor === undefined ? answered : { ...answered, _meta: { 'ringdown/cursor': notes.cursor } }
  } catch (error) {
    // The SDK sends nothing to a caller who has gone: what their going broke is no defect.
    if (caller.signal.aborted) return { isError: true, content: [{ type: 'text', text: 'aborted by the caller' }] }
    if (error instanceof ConfirmationNeeded) {
      await note(asked, matched, 'needs_confirmation')
      return await question(error)
    }
    const bodies = errorsOf(error, tool, matched?.action.write ?? false)
    if (bodies.some((body) => body.code === 'internal')) serving.onerror?.(error)
    await note(asked, matched, String(bodies[0]?.code ?? 'refused'))
    const text = errorText(bodies, serving.lists)
    return { isError: true, content: [{ type: 'text', text: serving.privacy.redact ? maskedError(text) : text }] }
  }
}

/**
 * Keeps in the audit of a Ringdown that a tool was to write, and what came of it; the arguments only by their hash. A call
 * does not fail because of it: what it did is done. A caller who listens is told, too, without a word of anybody's.
 */
async function note(
  { raw, tool, caller, serving: { backend, onerror } }: Asked,
  matched: Matched | undefined,
  outcome: string
): Promise<void> {
  caller.log?.(levelOf(outcome, matched?.action.write ?? false), { tool: tool.name, action: matched?.name, outcome })
  if (!matched?.action.write || !backend.ringdown) return
  const ArgumentsHash = createHash('sha256')
    .update(sortedText(objectIn(withoutToken(raw))))
    .digest('hex')
  const told = { Tool: tool.name, Action: matched.name, ArgumentsHash, Outcome: outcome.slice(0, 64) }
  const limit = AbortSignal.timeout(noting_ms)
  await backend.ringdown.post('Audit/ToolCalls', told, limit).catch((error: unknown) => onerror?.(error))
}

function levelOf(outcome: string, isWrite: boolean): LoggingLevel {
  if (outcome === 'internal') return 'error'
  if (outcome !== 'done') return 'warning'
  return isWrite ? 'info' : 'debug'
}

/** Milliseconds that a call waits for its entry. */
const noting_ms = 5_000

/** Asks a person, through the client, whether it shall be done. */
async function question({ effect, token }: ConfirmationNeeded): Promise<InputRequiredResult> {
  const requestedSchema = {
    type: 'object' as const,
    properties: { confirm: { type: 'boolean' as const, title: 'Do it' } },
    required: ['confirm']
  }
  const confirm = inputRequired.elicit({ message: effect, requestedSchema })
  return inputRequired({ inputRequests: { confirm }, requestState: await requestStates.mint(token) })
}

/** The arguments without the token of a second call, which belongs to no tool. */
function withoutToken(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || !('confirmToken' in raw)) return raw
  const { confirmToken: _token, ...rest } = raw
  return rest
}

function tokenIn(raw: unknown): string | undefined {
  const token = typeof raw === 'object' && raw !== null && 'confirmToken' in raw ? raw.confirmToken : undefined
  return typeof token === 'string' ? token : undefined
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
  { raw, tool, serving, caller, notes }: Asked,
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
  const { elicits, answer, state } = caller.asking
  const token = elicits ? state : tokenIn(raw)
  await confirmed({ write: matched.action.write, values, call }, serving.confirm, { elicits, answer, token })
  const outcome = await matched.action.run(values as never, call) // the action's own values type is forgotten in the table
  const all = [...warnings, ...notes.warnings.flatMap(({ warning, message }) => (said.has(warning) ? [] : [message]))]
  const shown = fencedOutcome(tool.name, outcome, serving.privacy)
  return resultOf(told ? { workspaceSid: told, ...shown } : shown, serving.privacy.redact ? all.map(masked) : all)
}

/** A call of a tool inside of another's. */
export interface Nested {
  readonly action: string
  /** With SIDs where names stood. */
  readonly values: Readonly<Record<string, unknown>>
  readonly call: Call
  /** False where a name belongs to what does not exist yet. */
  readonly isComplete: boolean
  run(): Promise<Outcome>
}

/**
 * Reads the arguments of a tool for a call inside of another call; nothing is done before `run`.
 *
 * `coming`: names in lower case of what does not exist yet, but will when it runs. Throws Fault as a call would answer.
 */
export async function nested(
  tool: Tool,
  raw: unknown,
  outer: Call,
  coming: ReadonlySet<string> = new Set()
): Promise<Nested> {
  const matched = match(tool, typeof raw === 'string' ? jsonText('arguments', raw) : raw)
  const given = matched.values.workspaceSid ?? matched.values.integrationWorkspaceSid
  for (const warning of matched.warnings) outer.warn(warning)
  const call: Call = {
    ...outer,
    tool,
    action: matched.name,
    workspace: async () =>
      typeof given === 'string'
        ? (await outer.names.resolve('workspace', given, 'workspaceSid')).sid
        : await outer.workspace(),
    pageSize: undefined,
    pageToken: undefined,
    fields: undefined,
    filters: matched.filters
  }
  const isComing = (value: unknown) => typeof value === 'string' && coming.has(value.toLowerCase())
  const known = Object.entries(matched.values).filter(
    ([name, value]) => !(tool.arguments[name]?.ref && isComing(value))
  )
  // Nothing can be looked up in a workspace that does not exist yet.
  const values = isComing(given)
    ? Object.fromEntries(known)
    : await resolved(tool, Object.fromEntries(known), call, { cached: false })
  const isComplete = known.length === Object.keys(matched.values).length
  return {
    action: matched.name,
    values,
    call,
    isComplete,
    run: () => matched.action.run(values as never, call) // the action's own values type is forgotten in the table
  }
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
