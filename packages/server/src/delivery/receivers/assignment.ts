import { isJsonObject } from '@ringdown/contract/json-text'
import type { CommandOf } from '@ringdown/engine/commands'
import { spelled } from '@ringdown/engine/core/enumeration'
import type { CallbackFailure } from '@ringdown/engine/routing/instruction'
import {
  instructionTexts,
  isVoiceInstruction,
  problemOf,
  voiceInstructionNames
} from '@ringdown/engine/routing/voice-instruction'
import type { Ledger } from '../../commit/ledger.ts'
import type { Answered, Draft, Kind, Outcome, Parameters, Route } from '../delivery.ts'
import { codeIn, failureCodes } from '../failure-code.ts'
import { pascal, textOf } from './taskrouter.ts'

/** What is asked, in this order (reference taskrouter 5.4). All of it is in the event of the reservation. */
const asked = [
  'workspace_sid',
  'workflow_sid',
  'task_queue_sid',
  'worker_sid',
  'worker_attributes',
  'task_sid',
  'task_attributes',
  'task_age',
  'task_priority',
  'reservation_sid'
] as const

/**
 * A workflow's assignment callback: asks what to do with a reservation, once for each. It is asked even if somebody has
 * decided meanwhile, since receivers take it as news as well; the answer then changes nothing.
 */
export const assignmentCallback: Route = {
  isUsed({ account_sid, tables: { workspace, workflow } }) {
    for (const { sid } of workspace.by('account_sid', account_sid)) {
      for (const { assignment_callback_url } of workflow.by('workspace_sid', sid)) {
        if (assignment_callback_url) return true
      }
    }
    return false
  },

  wants: (type) => type === 'reservation.created',

  draftsOf(event, { account_sid, state }): readonly Draft[] {
    const workflow = state.find('workflow', textOf(event.data.workflow_sid))
    if (!workflow?.assignment_callback_url) return []
    const parameters: Parameters = [
      ['AccountSid', account_sid],
      ...asked.map((name) => [pascal(name), textOf(event.data[name]) ?? ''] as const),
      ['Timestamp', String(Math.floor(event.at / 1000))]
    ]
    return [
      {
        kind: 'assignment_callback',
        receiver_sid: workflow.sid,
        event,
        message: { method: 'POST', url: workflow.assignment_callback_url, parameters },
        ...(workflow.fallback_assignment_callback_url && { fallback_url: workflow.fallback_assignment_callback_url }),
        about: { reservation_sid: event.resource_sid }
      }
    ]
  }
}

/** An answer that can be followed; null where it is empty: whoever answered acts through REST later. */
export type Instruction = { readonly name: string; readonly fields: Readonly<Record<string, unknown>> } | null

/** What an answer says, or what is wrong with it by Twilio's number in the debugger (reference taskrouter 5.4). */
export function instructionOf(outcome: Outcome): { readonly instruction: Instruction } | CallbackFailure {
  if ('failed' in outcome) return { code: failureCodes[outcome.failed], message: outcome.reason }
  const { status, headers } = outcome
  const body = outcome.body.trim()
  if (status === 204 || (status === 200 && body === '')) return { instruction: null }
  if (status !== 200) return { code: 11200, message: `the answer's status is ${status}, not 200` }
  const type = headers['content-type'] ?? ''
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    const told = type === '' ? 'missing' : `'${type.slice(0, 60)}', not application/json`
    return { code: 40000, message: `the answer's content type is ${told}` }
  }
  const fields = objectIn(body)
  if (!fields) return { code: 40001, message: 'the answer is not one JSON object' }
  const { instruction } = fields
  if (instruction === undefined || instruction === null || instruction === '')
    return { code: 40005, message: 'the answer has no instruction' }
  const name = spelled(known, instruction)
  if (name === undefined) {
    const told = typeof instruction === 'string' && /^\w{1,40}$/.test(instruction) ? `: '${instruction}'` : ''
    return { code: 55555, message: `the answer's instruction is unknown${told}` }
  }
  return { instruction: { name, fields } }
}

/** Supervising is for REST only. */
const known = ['accept', 'reject', ...voiceInstructionNames.filter((name) => name !== 'supervise')] as const

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined // it is no JSON
  }
}

/** When an answer has arrived, and what it leads to. */
export const assignmentAnswers: Required<Pick<Kind, 'refusal' | 'answered'>> = {
  refusal(outcome) {
    const answer = instructionOf(outcome)
    return 'code' in answer ? `${answer.code}: ${answer.message}` : undefined
  },

  async answered(answer, ledger) {
    const { reservation_sid } = answer.about
    if (reservation_sid === undefined) throw new Error('invariant: an assignment callback is about a reservation')
    const failures = failuresBefore(answer)
    const said = instructionOf(answer.outcome)
    const failed =
      'code' in said
        ? { ...said, callback: addressOf(answer) }
        : await followed(reservation_sid, said.instruction, failures, ledger)
    if (failed) {
      await ledger.execute({
        type: 'reservation.callback_failed',
        reservation_sid,
        failures: [...failures, failed]
      })
    }
  }
}

/** What the first address came to, when it was the fallback that answered. */
function failuresBefore({ first_refusal }: Answered): readonly CallbackFailure[] {
  if (first_refusal === undefined) return []
  return [{ ...codeIn(first_refusal), callback: 'assignment_callback_url' }]
}

function addressOf({ first_refusal }: Answered): NonNullable<CallbackFailure['callback']> {
  return first_refusal === undefined ? 'assignment_callback_url' : 'fallback_assignment_callback_url'
}

/** Does what the instruction says; resolves with what stands in its way. */
async function followed(
  reservation_sid: string,
  instruction: Instruction,
  failures: readonly CallbackFailure[],
  ledger: Ledger
): Promise<CallbackFailure | undefined> {
  const { name = null, fields = {} } = instruction ?? {}
  if (name !== null && isVoiceInstruction(name)) {
    const reservation = ledger.state.find('reservation', reservation_sid)
    if (reservation?.reservation_status !== 'pending') return undefined // too late
    const problem = problemOf(ledger.state, reservation, name, fields)
    if (problem || name === 'supervise') return problem
    await ledger.execute({
      type: 'reservation.instruct_voice',
      ...{ reservation_sid, name, failures },
      fields: keepable(instructionTexts(fields))
    })
    return undefined
  }
  const activity_sid = name === 'reject' ? (fields.activity_sid ?? '') : ''
  // What the receiver says goes no further than this unless it is a SID: texts can hold what no store takes.
  if (typeof activity_sid !== 'string' || !/^(?:WA[0-9a-f]{32})?$/i.test(activity_sid)) {
    return { code: 40100, message: 'activity_sid of the instruction reject is no SID of an Activity' }
  }
  const command: CommandOf<'reservation.instruct'> = {
    type: 'reservation.instruct',
    reservation_sid,
    instruction: name === null ? null : name === 'accept' ? 'accept' : 'reject', // the only others that are known
    failures,
    ...(activity_sid !== '' && { activity_sid })
  }
  if (command.instruction === null && failures.length === 0) return undefined
  await ledger.execute(command)
  return undefined
}

/** What every store takes, and no more of it than an instruction needs. */
function keepable(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !/\0|\p{Surrogate}/u.test(name + value) && value.length <= 2048)
  )
}
