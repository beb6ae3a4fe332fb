import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createRequestStateCodec } from '@modelcontextprotocol/server'
import type { Backend } from './backend.ts'
import { snapshotOf, targetsOf } from './changes/objects.ts'
import { Fault, isApi } from './errors.ts'
import type { Call, RefKind } from './tool.ts'

/** Which writes a person or a second call has to confirm; `human`: destructive ones, and only by a person. */
export type Confirm = 'off' | 'destructive' | 'all' | 'human'

/** How a caller can be asked, and what has been answered. */
export interface Asking {
  /** The client shows forms to a person. */
  readonly elicits: boolean
  /** What the person has answered to the form, by an earlier round. */
  readonly answer: 'accepted' | 'declined' | undefined
  /** The state that came back with the answer, or the token of the second call. */
  readonly token: string | undefined
}

/** Thrown where a person has to be asked: server.ts makes the protocol's question of it. */
export class ConfirmationNeeded extends Error {
  readonly effect: string
  readonly token: string

  constructor(effect: string, token: string) {
    super(effect)
    this.effect = effect
    this.token = token
  }
}

/** Seals what goes to a client with a question and comes back with the answer; what was tampered with is refused. */
export const requestStates = createRequestStateCodec<string>({ key: randomBytes(32) })

const life_ms = 5 * 60_000
/** A key for each credential of this process: a token is of no use to another, or after a restart. */
const keys = new WeakMap<Backend, Buffer>()

function keyOf(backend: Backend): Buffer {
  const key = keys.get(backend) ?? randomBytes(32)
  keys.set(backend, key)
  return key
}

/** Deletes, closing a channel or conversation, and canceling: what cannot be taken back. */
function isDestructive(action: string, values: Readonly<Record<string, unknown>>): boolean {
  if (/^(delete|remove|close|cancel|end_execution)(_|$)/.test(action)) return true
  const ends = [values.status, values.state, values.assignmentStatus]
  return action === 'update' && ends.some((end) => end === 'closed' || end === 'canceled' || end === 'ended')
}

/** A call as it would be made. */
interface Write {
  readonly write: boolean
  readonly values: Readonly<Record<string, unknown>>
  readonly call: Call
}

/**
 * Lets a write pass that needs no confirmation, or has it.
 *
 * Throws ConfirmationNeeded where a person can be asked, and Fault `needs_confirmation` with a token for the second call
 * where not. Whatever was confirmed has to be the same call on objects that nobody has changed since.
 */
export async function confirmed({ write, values, call }: Write, confirm: Confirm, asking: Asking): Promise<void> {
  if (confirm === 'off' || !write) return
  if (confirm !== 'all' && !isDestructive(call.action, values)) return
  const what = [call.tool.name, call.action, sortedText(values), await versions(values, call)]
  const sign = (until: number) =>
    createHmac('sha256', keyOf(call.backend))
      .update(JSON.stringify([...what, until]))
      .digest('base64url')
  const fits = tokenFits(asking.token, sign)
  if (asking.elicits && asking.answer === 'declined') throw refusal('a person declined this', undefined)
  if (fits && (asking.elicits ? asking.answer === 'accepted' : confirm !== 'human')) return
  const until = Date.now() + life_ms
  const token = `${until}.${sign(until)}`
  const effect = await effectOf(values, call)
  if (asking.elicits) throw new ConfirmationNeeded(effect, token)
  if (confirm === 'human')
    throw refusal(`${effect}: a person has to confirm this, and this client cannot ask one`, undefined)
  throw refusal(effect, token)
}

function refusal(message: string, confirmToken: string | undefined): Fault {
  return new Fault([
    {
      code: 'needs_confirmation',
      message,
      ...(confirmToken !== undefined && { confirmToken }),
      next: confirmToken
        ? 'ask your user; if they agree, repeat the same call with confirmToken within 5 minutes'
        : 'tell your user what you wanted to do'
    }
  ])
}

function tokenFits(token: string | undefined, sign: (until: number) => string): boolean {
  const [until = '', signature = ''] = token?.split('.') ?? []
  if (!(Number(until) > Date.now())) return false
  const [given, due] = [Buffer.from(signature), Buffer.from(sign(Number(until)))]
  return given.length === due.length && timingSafeEqual(given, due)
}

export const sortedText = (values: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The objects of the call as they are now. */
async function versions(values: Readonly<Record<string, unknown>>, call: Call): Promise<string> {
  try {
    const targets = await targetsOf(call.tool.name, call.action, values, call)
    return JSON.stringify(await Promise.all(targets.map((target) => snapshotOf(target, call))))
  } catch (error) {
    // What is not there is told when it is done.
    if (isApi(error, 400, 404)) return ''
    throw error
  }
}

/** What would happen, with the names of those whom it touches. */
async function effectOf(values: Readonly<Record<string, unknown>>, call: Call): Promise<string> {
  const named = Object.entries(values).map(async ([argument, value]) => {
    const kind: RefKind | undefined = call.tool.arguments[argument]?.ref
    const isSid = kind !== undefined || /Sid$/.test(argument)
    if (!isSid || typeof value !== 'string') return `${argument} ${brief(value)}`
    // Names of conversations may be customers' words.
    const name =
      kind && kind !== 'conversation' ? await call.names.nameOf(kind, value, await call.workspace()) : undefined
    return name ? `${argument} ${name} (${value})` : `${argument} ${value}`
  })
  const doing = call.action === 'call' ? call.tool.name : `${call.tool.name} ${call.action}`
  return `${doing}: ${(await Promise.all(named)).join(', ') || 'everything as it is'}`
}

/** Objects and long texts are not repeated. */
function brief(value: unknown): string {
  if (typeof value === 'object') return '{…}'
  const text = String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
