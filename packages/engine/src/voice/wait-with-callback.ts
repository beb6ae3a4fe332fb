import type { State } from '../center.ts'
import { attributesOf } from '../core/json.ts'
import { e164 } from '../core/phone-number.ts'
import { Refusal } from '../core/refusals.ts'
import { countryOf } from '../numbers/country.ts'
import { addTask } from '../routing/task.ts'
import { calleeIn, oursOf } from './calling.ts'
import type { VoiceRequest, VoiceVerb } from './program.ts'
import { isWorkers, leaveCallQueue, queueFigures, queueMemberFor } from './queue.ts'
import type { CallRow } from './rows.ts'
import { callerLedAway } from './task-call.ts'

/*
 * A ready-made document for calls that wait: it says where they stand, and a caller who presses 1 may hang up and is called
 * back when it would have been their turn (reference voice 7). It needs no program of anybody's: its steps are answered here.
 */

const own = /^(?:ringdown:|(?:https?:\/\/[^/?#]+)?\/ringdown\/v1\/twiml\/)wait-with-callback\/?(?:\?([^#]*))?(?:#|$)/i

/** Whether an address is that of the document for those who wait, on whatever host, or of one of its steps. */
export function leadsToCallback(address: string): boolean {
  return own.test(address)
}

/** What the caller chose, as it came to one of the steps. */
interface Chosen {
  readonly digits: string
  /** The number that was typed before, without its plus. */
  readonly number: string
}

type Step = (state: State, call: CallRow, chosen: Chosen) => readonly VoiceVerb[]

/** Nothing more: the document for those who wait is heard again. */
const waitOn: readonly VoiceVerb[] = []

const steps: Readonly<Record<string, Step>> = {
  offer: (_state, call, { digits }) => (digits !== '1' ? waitOn : offered(call)),
  confirm: (state, call, { digits, number }) => {
    if (digits === '2') return typed
    if (digits !== '1') return waitOn
    return promised(state, call, number === '' ? calleeIn(customerOf(call)) : `+${number}`)
  },
  number: (_state, call, { digits }) => {
    const number = e164(`+${digits.replace(/^00/, '')}`)
    if (number === null || !isNear(call, number)) return [say('That number cannot be called.'), ...typed]
    return confirming(spoken(number), `&number=${number.slice(1)}`)
  }
}

/** What a call that waits hears next: the document's beginning, or the step that its address names. */
export function callbackDocument(state: State, call: CallRow, { url, parameters }: VoiceRequest): readonly VoiceVerb[] {
  const [, query = ''] = own.exec(url) ?? []
  const step = steps[valueIn(query, 'step')]
  if (!step || !queueMemberFor(state, call.sid)) return waiting(state, call)
  const digits = parameters.find(([name]) => name === 'Digits')?.[1] ?? ''
  return step(state, call, { digits, number: valueIn(query, 'number').replaceAll(/\D/g, '') })
}

function valueIn(query: string, name: string): string {
  return (
    query
      .split('&')
      .find((pair) => pair.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? ''
  )
}

/** Where the caller stands, and music. Only a call with a task can be called back. */
function waiting(state: State, call: CallRow): readonly VoiceVerb[] {
  const position = queueFigures(state, queueMemberFor(state, call.sid))?.position
  // A minute of it.
  const music: VoiceVerb = { verb: 'Play', attributes: { loop: '4' }, text: 'ringdown:music' }
  if (position === undefined) return [music]
  const stands = `You are number ${position} in line.`
  if (!taskOf(state, call)) return [say(stands), music]
  return [
    asking(
      'offer',
      { numDigits: '1', timeout: '1' },
      say(`${stands} To be called back when it is your turn, press 1.`),
      music
    )
  ]
}

function offered(call: CallRow): readonly VoiceVerb[] {
  const customer = calleeIn(customerOf(call))
  return customer === null ? typed : confirming(spoken(customer), '')
}

function confirming(whom: string, more: string): readonly VoiceVerb[] {
  const text = `We will call you back ${whom}. If that is right, press 1. To be called at another number, press 2.`
  return [asking(`confirm${more}`, { numDigits: '1', timeout: '10' }, say(text))]
}

const typed: readonly VoiceVerb[] = [
  asking(
    'number',
    { finishOnKey: '#', timeout: '10' },
    say('Please enter the number, beginning with the code of its country, and then press the pound key.')
  )
]

/** The caller hears what was promised, and its document goes on: it is out of the queue already. */
function promised(state: State, call: CallRow, number: string | null): readonly VoiceVerb[] {
  if (number === null || !keepPlace(state, call, number)) return [say('That is not possible now. Please hold on.')]
  return [say(`Thank you. We will call you back ${spoken(number)}. Goodbye.`), { verb: 'Leave', attributes: {} }]
}

/**
 * Puts a task to call somebody back in the place of the one that waits: as old as that, as urgent, and on its way along the
 * same workflow. The caller is in no queue any more. False where that is not possible.
 */
function keepPlace(state: State, call: CallRow, outbound_to: string): boolean {
  const task = taskOf(state, call)
  if (!task?.workflow_sid) return false
  const { call_sid: _, call_status: __, ...others } = attributesOf(task)
  const from = oursOf(call)
  const attributes = {
    ...others,
    ...{
      direction: 'outbound',
      taskType: 'callback',
      outbound_to,
      from,
      caller: from,
      to: outbound_to,
      called: outbound_to
    },
    callback: { call_sid: call.sid, task_sid: task.sid, asked_at: state.at }
  }
  const { workspace_sid, workflow_sid, priority, timeout, virtual_start_time, task_channel_sid } = task
  const made = state.attempt(() =>
    addTask(state, {
      ...{ workspace_sid, workflow_sid, priority, timeout, virtual_start_time, task_channel: task_channel_sid },
      attributes: JSON.stringify(attributes)
    })
  )
  if (made instanceof Refusal) return false
  notePromise(state, call.sid, made.sid)
  leaveCallQueue(state, call.sid, 'leave')
  callerLedAway(state, call.sid, 'callback')
  return true
}

/** The verb that waits goes on when the caller has heard what was promised. */
function notePromise(state: State, sid: string, callback_task_sid: string): void {
  const { program } = state.tables.call.need(sid)
  const frames = program?.frames.map((frame) =>
    frame.verb?.is === 'enqueue' ? { ...frame, verb: { ...frame.verb, callback_task_sid } } : frame
  )
  if (program && frames) state.change('call', sid, { program: { ...program, frames } })
}

/** The task that a caller waits as, while nobody has taken it. */
function taskOf(state: State, call: CallRow) {
  const task = state.resident('task', call.task_sid)
  if (!task || isWorkers(state, call)) return undefined
  return task.assignment_status === 'pending' || task.assignment_status === 'reserved' ? task : undefined
}

/** Where the customer is. */
function customerOf({ direction, from, to }: CallRow): string {
  return direction === 'inbound' ? from : to
}

/** Nobody can have the center call around the world: a typed number must be of a country of one of the call's two ends. */
function isNear({ from, to }: CallRow, number: string): boolean {
  const country = countryOf(number)
  return country !== null && [from, to].some((one) => one.startsWith('+') && countryOf(one) === country)
}

/** A number digit by digit; a device has no name that could be said. */
function spoken(address: string): string {
  return address.startsWith('+') ? `at ${[...address.slice(1)].join(' ')}` : 'where you are calling from'
}

function asking(
  step: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly VoiceVerb[]
): VoiceVerb {
  return { verb: 'Gather', attributes: { ...attributes, action: `ringdown:wait-with-callback?step=${step}` }, children }
}

function say(text: string): VoiceVerb {
  return { verb: 'Say', attributes: {}, text }
}
