import type { State } from '../center.ts'
import type { MessageRow } from '../conversations/rows.ts'
import type { Read } from '../core/command.ts'
import type { Json } from '../core/json.ts'
import type { ChannelMessageRow } from '../messaging/rows.ts'
import { emitExecution } from './events.ts'
import type { ContextData, ExecutionRow, Forgets } from './rows.ts'

/*
 * What flows know of people, and how they lose it. An execution that goes on keeps what it needs to go on; what it heard
 * of a removed message goes at once, and everything that may have been made of it when it ends. Its context goes as a
 * whole then: nobody can tell which variable has whose words.
 */

/** A message of a conversation is removed: whoever heard it there forgets it. */
export function messageRemoved(state: State, { sid, conversation_sid }: MessageRow): void {
  for (const execution of state.tables.execution.list('conversation_sid', conversation_sid))
    unhear(state, execution, sid)
}

/** The same for a message that came to a flow by its address. */
export function channelMessageRemoved(state: State, { sid, from }: ChannelMessageRow): void {
  if (from === null) return
  for (const execution of state.tables.execution.list('person', from)) unhear(state, execution, sid)
}

function unhear(state: State, execution: ExecutionRow, message_sid: string): void {
  const context = withoutMessage(execution.context, message_sid)
  if (context === execution.context) return
  state.change('execution', execution.sid, {
    context: context as ContextData, // as it was, with other texts
    unsaved: [],
    forgets: execution.forgets ?? 'heard'
  })
}

/** The value with what a message said left out; the same value where it has nothing of that message. */
function withoutMessage(value: Json, message_sid: string): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list = value.map((one) => withoutMessage(one, message_sid))
    return list.some((one, place) => one !== value[place]) ? list : value
  }
  const members = value as ContextData // neither a list nor a scalar
  if (members.MessageSid === message_sid) return { ...members, ...blanksOf(members) }
  const entries = Object.entries(members).map(([name, one]) => [name, withoutMessage(one, message_sid)] as const)
  return entries.some(([name, one]) => one !== members[name]) ? Object.fromEntries(entries) : value
}

const said = /^(?:Body|Attributes|Media.*|ProfileName)$/

function blanksOf(members: ContextData): ContextData {
  return Object.fromEntries(Object.keys(members).flatMap((name) => (said.test(name) ? [[name, '']] : [])))
}

/** What of an execution's row goes as it ends. */
export function forgotten({ forgets }: ExecutionRow): Partial<ExecutionRow> {
  if (!forgets) return {}
  return { context: {}, unsaved: [], ...(forgets === 'contact' && nobody) }
}

const nobody = { person: null, contact_channel_address: '' } as const

interface Erase {
  readonly sid: string
  readonly forgets: Forgets
}

/**
 * Takes what was said in an execution out of it and its steps, and with `contact` who it was with. One that goes on loses
 * its steps' texts now, and the rest when it ends. One that is not there any more has nothing to lose.
 */
export function eraseExecution(state: State, { sid, forgets }: Erase): Record<string, never> {
  const execution = state.tables.execution.find(sid)
  if (!execution) return {}
  const whole = execution.forgets === 'contact' ? execution.forgets : forgets
  const steps = state.tables.execution_step.list('execution_sid', sid).filter(({ changes }) => changes.length > 0)
  if (execution.forgets === whole && steps.length === 0) return {}
  const isOver = execution.status === 'ended'
  state.change('execution', sid, { ...(isOver && forgotten({ ...execution, forgets: whole })), forgets: whole })
  for (const step of steps) state.change('execution_step', step.sid, { changes: [] })
  emitExecution(state, 'ringdown.flow.execution-erased', state.tables.execution.need(sid))
  return {}
}

export function erasureReads({ sid }: Erase, state: State): readonly Read[] {
  return [
    ...(state.tables.execution.find(sid) ? [] : [{ kind: 'execution', where: { sid } }]),
    { kind: 'execution_step', where: { execution_sid: sid } }
  ]
}
