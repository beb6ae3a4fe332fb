import type { Call, Tool } from './tool.ts'

/** Our own words for what went wrong before or around the API; the API's own codes are numbers. */
export type FaultCode =
  | 'missing_argument'
  | 'unknown_argument'
  | 'unused_argument'
  | 'unknown_name'
  | 'ambiguous_name'
  | 'wrong_sid'
  | 'not_json'
  | 'bad_value'
  | 'stale_page_token'
  | 'read_only'
  | 'needs_confirmation'
  | 'not_built'
  | 'unsupported_backend'
  /** The API was not reached, or its answer was lost. */
  | 'unreachable'
  /** A defect of the tool itself. */
  | 'internal'

/** One error as an agent reads it. */
export interface ErrorBody {
  readonly code: number | FaultCode
  readonly status?: number | undefined
  readonly message: string
  readonly argument?: string | undefined
  readonly found?: unknown
  readonly allowed?: readonly unknown[] | undefined
  readonly candidates?: readonly unknown[] | undefined
  readonly near?: readonly string[] | undefined
  /** What to do: parts separated by "; ", of which those that name an unlisted tool are left out. */
  readonly next?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly requestId?: string | undefined
  readonly moreInfo?: string | undefined
  readonly errors?: unknown
  /** With it the same call goes through (confirmation.ts). */
  readonly confirmToken?: string | undefined
}

/** One or more errors that end a call; all that are known at that point are told together. */
export class Fault extends Error {
  readonly bodies: readonly ErrorBody[]

  constructor(bodies: readonly ErrorBody[]) {
    super(bodies.map((body) => body.message).join('; '))
    this.bodies = bodies
  }
}

/** A fault of ours with one error. */
export function fault(code: FaultCode, message: string, rest: Omit<ErrorBody, 'code' | 'message'> = {}): Fault {
  return new Fault([{ code, message, ...rest }])
}

/** What the SDK throws when the API refused: RestException, or its RFC 9457 sister. */
export interface ApiError {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly moreInfo?: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The API's refusal inside whatever was thrown, or undefined. */
export function apiError(error: unknown): ApiError | undefined {
  if (error instanceof Fault || typeof error !== 'object' || error === null) return undefined
  const { status, code, message, detail, title, moreInfo, type, details } = error as Record<string, unknown> // an exception of unknown class
  if (typeof status !== 'number') return undefined
  return {
    status,
    code: typeof code === 'number' ? code : status,
    message: String(message || detail || title || `HTTP ${status}`),
    ...(typeof (moreInfo ?? type) === 'string' ? { moreInfo: String(moreInfo ?? type) } : {}),
    details: (details ?? {}) as Readonly<Record<string, unknown>> // details are an object where the API or withDetails wrote them
  }
}

/** True for the API's refusals with one of these codes or HTTP statuses. */
export function isApi(error: unknown, ...codes: readonly number[]): boolean {
  const api = apiError(error)
  return api !== undefined && (codes.includes(api.code) || codes.includes(api.status))
}

interface Advice {
  readonly code?: number
  readonly status?: number
  readonly tool?: RegExp
  readonly argument?: string
  readonly next: string
}

/**
 * What to do after a refusal of the API: the first row that fits wins. A tool's own `explain` may say it better.
 * Codes: reference rest-conventions 10, conversations 21, flex 11, studio 6.
 */
const adviceTable: readonly Advice[] = [
  {
    code: 20412,
    argument: 'ifMatch',
    next: 'somebody changed it: get it again, and repeat with the new version as ifMatch'
  },
  {
    status: 412,
    argument: 'ifMatch',
    next: 'somebody changed it: get it again, and repeat with the new version as ifMatch'
  },
  {
    code: 20003,
    next: 'check the credentials: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or API key and secret, are read at start'
  },
  {
    status: 401,
    next: 'check the credentials: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or API key and secret, are read at start'
  },
  { status: 403, next: 'these credentials may not do this: use others, or ask who owns the account' },
  {
    code: 45354,
    tool: /interaction/,
    next: "closed is final; start again with create_interaction and the customer's address"
  },
  {
    code: 45376,
    tool: /interaction/,
    next: "its conversation is closed or gone; start again with create_interaction and the customer's address"
  },
  {
    code: 45361,
    tool: /create_interaction/,
    argument: 'conversationSid',
    next: 'invite to the contact that the message names with manage_interaction_participants; or close that first with manage_interaction_channel'
  },
  {
    code: 45355,
    argument: 'conversationSid',
    next: 'the conversation has no participants; add the customer with manage_conversation_participants'
  },
  {
    code: 45366,
    argument: 'channelProperties',
    next: 'check channelType, customerAddress and businessAddress; numbers are E.164 (+ and digits)'
  },
  {
    code: 45367,
    argument: 'mediaProperties',
    next: 'add customer needs mediaProperties {address, proxy_address} with numbers in E.164, or {identity}; agents come by invite'
  },
  {
    code: 50353,
    argument: 'uniqueName',
    next: 'use another uniqueName; get the one that has it with manage_conversations'
  },
  {
    code: 50377,
    tool: /send_/,
    next: 'the contact is over; create_interaction starts a new one; create another conversation with manage_conversations'
  },
  { code: 50377, next: 'closed is final; create a new one with the same participants' },
  { code: 50384, argument: 'state', next: 'create it active or inactive; closed comes by update' },
  {
    code: 50407,
    argument: 'messagingBindingAddress',
    next: 'numbers are E.164 (+ and 2 to 15 digits), and both addresses carry the same prefix'
  },
  {
    code: 50408,
    argument: 'messagingBindingProxyAddress',
    next: 'numbers are E.164, on SMS a short code or a name will do; both addresses carry the same prefix'
  },
  { code: 50304, argument: 'attributes', next: 'give JSON: names and texts in double quotes' },
  {
    code: 50416,
    argument: 'conversationSid',
    next: 'pass the conversationSid that the message names; or close that conversation with manage_conversations'
  },
  {
    code: 50433,
    argument: 'identity',
    next: 'that identity is in already: update or remove it with manage_conversation_participants'
  },
  {
    code: 50434,
    argument: 'messagingBindingProjectedAddress',
    next: 'it is a group MMS: an identity needs your messagingBindingProjectedAddress, by which the group sees it'
  },
  {
    code: 50435,
    argument: 'messagingBindingProjectedAddress',
    next: 'a group MMS needs a messagingBindingProjectedAddress of yours: add one, and give it to each identity'
  },
  {
    code: 50438,
    argument: 'conversationSid',
    next: 'that group has a conversation: pass the conversationSid that the message names, or close that one'
  },
  {
    code: 50513,
    argument: 'author',
    next: 'in a group MMS the author is one of it: an identity or messagingBindingProjectedAddress in the conversation'
  },
  { code: 63016, argument: 'contentSid', next: 'WhatsApp allows only templates now: contentSid with contentVariables' },
  {
    code: 20409,
    tool: /studio/,
    argument: 'executionSid',
    next: 'an execution is active for this contact: end_execution, or wait for it'
  },
  { code: 14241, argument: 'startDate', next: 'at most 30 days back' },
  { code: 20422, next: 'correct the argument that the message names' },
  { status: 404, next: 'check the SID: list shows what there is' },
  { status: 405, next: 'this cannot be done to it: use another action' },
  { status: 409, next: 'something else has it: read the message, get that one, then decide' },
  { status: 410, next: 'it is over: list shows what is still open' },
  { status: 429, next: 'wait, then repeat the call' },
  { status: 400, next: 'correct the argument that the message names' }
]

/** What to do after a call whose outcome nobody knows. */
const unsure = (writes: boolean): string =>
  writes ? 'a write may have happened: read before you repeat it' : 'nothing was changed: repeat the call in a moment'

/**
 * Turns whatever a call threw into errors for the agent. Defects of ours are told without their insides. `writes`: whether
 * the call may have changed something.
 */
export function errorsOf(error: unknown, tool: Tool, writes = true): readonly ErrorBody[] {
  if (error instanceof Fault) return error.bodies
  const api = apiError(error)
  if (api) return [api.status >= 500 && api.status !== 501 ? brokenBody(api, writes) : apiBody(api, tool)]
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && /^(E[A-Z]+|ERR_[A-Z_]+|UND_ERR)/.test(code) && !code.startsWith('ERR_INVALID')) {
    return [
      {
        code: 'unreachable',
        message: `the API did not answer (${code})`,
        next: `${unsure(writes)}; check that the server is up and its address right`
      }
    ]
  }
  return [{ code: 'internal', message: 'the tool failed', next: 'repeat the call; if it fails again, report it' }]
}

/** Not for these credentials; other refusals that are 403 have numbers of their own, and reasons. */
const isUnallowed = ({ status, code }: ApiError): boolean => status === 403 && [20003, 20403, 403].includes(code)

/**
 * Runs a request, and adds to the API's refusal (400 to 499, but neither credentials nor rates) what the tool can find
 * out about it. A look-up that fails while explaining leaves the refusal as it was.
 */
export async function explained<T>(
  call: Call,
  work: () => Promise<T>,
  explain: (api: ApiError) => Promise<Partial<ErrorBody> | undefined> | Partial<ErrorBody> | undefined
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const api = apiError(error)
    if (!api || api.status >= 500 || [401, 429].includes(api.status) || isUnallowed(api)) throw error
    const more = await Promise.resolve(explain(api)).catch((failed: unknown) => {
      if (apiError(failed) || failed instanceof Fault) return undefined
      throw failed
    })
    if (!more) throw error
    throw new Fault([{ ...apiBody(api, call.tool), ...more }])
  }
}

function sharedBody({ code, status, message, moreInfo }: ApiError) {
  return { code, status, message, moreInfo }
}

/** The API could not answer; by the request's id it can be found out why. */
function brokenBody(api: ApiError, writes: boolean): ErrorBody {
  const { requestId } = api.details
  return {
    ...sharedBody(api),
    requestId: typeof requestId === 'string' ? requestId : undefined,
    next: unsure(writes)
  }
}

function apiBody(api: ApiError, tool: Tool): ErrorBody {
  if (api.status === 501) {
    return {
      code: 'not_built',
      status: 501,
      message: `not built on this server yet: ${api.message}`,
      next:
        tool.name === 'get_workspace_statistics'
          ? 'use view realtime, for the workspace, a queue or a workflow'
          : 'do without it'
    }
  }
  const shared = sharedBody(api)
  if (api.status === 429) {
    const seconds = Number(api.details.retryAfter)
    return {
      ...shared,
      retryAfterSeconds: Number.isFinite(seconds) && seconds > 0 ? seconds : 1,
      next: 'wait, then repeat the call'
    }
  }
  const { requestId: _id, retryAfter: _after, ...details } = api.details
  const problems = Array.isArray(details.errors) ? { errors: details.errors } : {}
  return { ...shared, next: 'read the message, and correct the call', ...advised(api, tool), ...problems }
}

/** What is known to help after an error of the API; a row may tell one by its code alone, without a status. */
export function advised(
  { code, status }: { readonly code: number; readonly status?: number },
  tool: Tool
): Pick<ErrorBody, 'argument' | 'next'> | undefined {
  const advice = adviceTable.find(
    (row) =>
      (row.code === undefined || row.code === code) &&
      (row.status === undefined || row.status === status) &&
      (!row.tool || row.tool.test(tool.name))
  )
  return advice && { argument: advice.argument, next: advice.next }
}

/** The text of an error result: one line of JSON; `next` never names a tool that this server does not list. */
export function errorText(bodies: readonly ErrorBody[], lists: (tool: string) => boolean): string {
  const shown = bodies.map((body) => ({ ...body, next: advisable(body.next, lists) }))
  return JSON.stringify(shown.length === 1 ? { error: shown[0] } : { error: shown[0], errors: shown })
}

const toolName = /\b(?:create|manage|get|send|list|explain|query|wait|apply|update)_[a-z_]+\b/g

function advisable(next: string | undefined, lists: (tool: string) => boolean): string | undefined {
  if (!next) return undefined
  const parts = next
    .split('; ')
    .filter((part) => (part.match(toolName) ?? []).every((name) => notTools.has(name) || lists(name)))
  return parts.length > 0 ? parts.join('; ') : 'read the message; no tool of this server can do it'
}

/** Actions and arguments that look like tool names. */
const notTools = new Set([
  'list_executions',
  'get_execution',
  'list_types',
  'list_task_channels',
  'create_task_channel',
  'update_task_channel',
  'delete_task_channel'
])
