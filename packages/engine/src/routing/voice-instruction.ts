import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import type { ReservationRow } from './rows.ts'

/** Instructions that need a call (reference taskrouter 5.5). */
export const voiceInstructionNames = ['dequeue', 'call', 'redirect', 'conference', 'supervise'] as const
export type VoiceInstructionName = (typeof voiceInstructionNames)[number]

/** What an instruction says, by the names that the callback's answer has. */
export type InstructionFields = Readonly<Record<string, unknown>>

/** What is wrong with an instruction, by Twilio's number in the debugger, in one sentence. */
export interface InstructionProblem {
  readonly code: number
  readonly message: string
}

/** What an instruction must say, and the debugger's number for what is wrong with it. */
interface Rules {
  /** What stands in front of its fields in a REST request. */
  readonly prefix: string
  readonly required: Readonly<Record<string, number>>
  /** It calls the worker: `to`, or else the worker's `contact_uri`. */
  readonly to?: number
  readonly post_work_activity_sid?: number
  /** It is about the task's call: `call_sid` or `outbound_to` of its attributes. */
  readonly call?: number
  /** What carries it out has failed. */
  readonly failed: number
}

const rules = {
  dequeue: { prefix: 'dequeue_', required: {}, to: 40131, post_work_activity_sid: 40130, call: 40140, failed: 40133 },
  call: { prefix: 'call_', required: { from: 40111, url: 40112 }, to: 40110, failed: 40113 },
  redirect: { prefix: 'redirect_', required: { call_sid: 40121, url: 40120 }, failed: 40122 },
  conference: { prefix: '', required: {}, to: 40137, post_work_activity_sid: 40139, call: 40142, failed: 40145 },
  supervise: { prefix: '', required: { supervisor: 40146, supervisor_mode: 40147 }, failed: 40148 }
} as const satisfies Record<VoiceInstructionName, Rules>

export function isVoiceInstruction(name: string): name is VoiceInstructionName {
  return Object.hasOwn(rules, name)
}

/** The debugger's number for an instruction that could not be carried out. */
export function failedCode(name: VoiceInstructionName): number {
  return rules[name].failed
}

/** What is wrong with an instruction for a reservation; undefined when it could be carried out. */
export function problemOf(
  state: State,
  reservation: ReservationRow,
  name: VoiceInstructionName,
  fields: InstructionFields
): InstructionProblem | undefined {
  const rule: Rules = rules[name]
  const wrong = (code: number, what: string) => ({ code, message: `Instruction '${name}' ${what}` })
  for (const [field, code] of Object.entries(rule.required)) {
    if (!isText(fields[field])) return wrong(code, `has no ${field}`)
  }
  if (rule.to !== undefined) {
    const { contact_uri } = attributesOf(state, 'worker', reservation)
    const to = isText(fields.to) ? fields.to : contact_uri
    if (!isText(to)) return wrong(rule.to, 'has no to, and its worker no contact_uri')
    if (!isDialable(to)) {
      const what = to === fields.to ? 'a to' : 'a worker with a contact_uri'
      return wrong(rule.to, `has ${what} that is neither client: nor sip: nor a number in E.164: '${to}'`)
    }
  }
  const { post_work_activity_sid: activity } = fields
  if (rule.post_work_activity_sid !== undefined && activity !== undefined && activity !== '') {
    const row = typeof activity === 'string' ? state.tables.activity.find(activity) : undefined
    if (row?.workspace_sid !== reservation.workspace_sid) {
      return wrong(rule.post_work_activity_sid, 'has a post_work_activity_sid that does not exist')
    }
  }
  const task = rule.call === undefined ? undefined : attributesOf(state, 'task', reservation)
  if (rule.call !== undefined && !isText(task?.call_sid) && !isText(task?.outbound_to)) {
    return wrong(rule.call, 'needs call_sid or outbound_to in the attributes of its task')
  }
  return undefined
}

/**
 * What an instruction by REST says, as text by the names that the callback's answer has. Refuses what could not be carried
 * out; whoever has the calls hears of the rest by the event.
 */
export function checkedInstruction(
  state: State,
  reservation: ReservationRow,
  name: VoiceInstructionName,
  params: InstructionFields
): Readonly<Record<string, string>> {
  const { prefix } = rules[name]
  const fields = instructionTexts(
    Object.fromEntries(
      Object.entries(params).flatMap(([key, value]) =>
        key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : []
      )
    )
  )
  const problem = problemOf(state, reservation, name, fields)
  if (problem) refuse('invalid', `${problem.message} (error ${problem.code})`)
  return fields
}

/** Fields as texts; lists are joined by blanks, and what is neither is left out. */
export function instructionTexts(fields: InstructionFields): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => {
      if (Array.isArray(value)) return [[name, value.map(String).join(' ')]]
      return ['string', 'number', 'boolean'].includes(typeof value) ? [[name, String(value)]] : []
    })
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** Whom a call can reach (reference taskrouter 1.7). */
function isDialable(uri: string): boolean {
  return /^\s*(client|sips?):\S/i.test(uri) || e164(uri) !== null
}

function attributesOf(
  state: State,
  kind: 'task' | 'worker',
  reservation: ReservationRow
): Readonly<Record<string, unknown>> {
  const { attributes } = state.get(kind, kind === 'task' ? reservation.task_sid : reservation.worker_sid)
  const value: unknown = JSON.parse(attributes)
  return isJsonObject(value) ? value : {}
}
