import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { oneOf, spelled } from '../core/enumeration.ts'
import { type Json, valueIn, worded } from '../core/json.ts'
import { checkUrl, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type SinkRow, type SinkType, sinkTypes } from './rows.ts'

/** How many sinks an account may have (reference events 1). */
export const maxSinks = 100

/**
 * Adds a sink, active at once: nobody has to prove any longer that the test event has arrived (reference events 1).
 * Refuses sinks by e-mail, whose configuration is documented nowhere.
 */
export function createSink(
  state: State,
  params: { readonly description: string; readonly sink_type: string; readonly sink_configuration: unknown }
): { sink: SinkRow } {
  const { account_sid } = state
  const sink_type = oneOf(sinkTypes, params.sink_type, 'SinkType')
  const sink_configuration = configurations[sink_type](membersOf(params.sink_configuration))
  if (state.tables.sink.count('account_sid', account_sid) >= maxSinks) {
    refuse('sink.too_many', `The maximum number of Sinks (${maxSinks}) is reached`)
  }
  const { description } = params
  checkDescription(description)
  return { sink: state.insert('sink', { account_sid, description, sink_type, sink_configuration, status: 'active' }) }
}

export function updateSink(
  state: State,
  { sid, description }: { readonly sid: string; readonly description: string }
): { sink: SinkRow } {
  const before = sinkOf(state, sid)
  checkDescription(description)
  return { sink: state.change('sink', before.sid, { description }) }
}

/** A sink that something is still sent to stays (reference events 1). */
export function deleteSink(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const sink = sinkOf(state, sid)
  const uses = state.tables.subscription.count('sink_sid', sid)
  if (uses > 0) {
    refuse(
      'conflict',
      `Sink ${sid} cannot be deleted: ${uses} ${uses === 1 ? 'Subscription uses' : 'Subscriptions use'} it`
    )
  }
  state.remove('sink', sink.sid)
  return {}
}

/** Asks for a test event: it is published like any other, with a `test_id` of its own. */
export function testSink(state: State, { sid }: { readonly sid: string }): { sink: SinkRow } {
  const sink = sinkOf(state, sid)
  state.emit('sink.test', { sink, extra: { test_id: uuidOf(state.sid('EZ').slice(2)) } })
  return { sink }
}

export function sinkOf(state: State, sid: string): SinkRow {
  return state.tables.sink.find(sid) ?? notFound(`/Sinks/${sid}`)
}

export function checkDescription(description: string): void {
  if (description.trim() === '') refuse('invalid', 'Description must not be empty')
}

type Configuration = { readonly [name: string]: Json }

function membersOf(given: unknown): Configuration {
  const value: unknown = typeof given === 'string' ? valueIn(given) : given
  if (!isJsonObject(value)) refuse('invalid', 'SinkConfiguration must be a JSON object')
  return value as Configuration // it was parsed from JSON
}

/** What each type of sink needs to know. What was given is echoed as it was, with what it does not know. */
const configurations: { readonly [T in SinkType]: (given: Configuration) => Configuration } = {
  webhook: (given) => {
    const destination = required(given, 'destination', 'webhook')
    checkUrl(destination, 'SinkConfiguration.destination')
    const { method = 'post', batch_events = false } = given
    if (!spelled(['post', 'get'], method)) {
      refuse('invalid', `SinkConfiguration.method of a webhook sink must be POST or GET, not '${worded(method)}'`)
    }
    if (typeof batch_events !== 'boolean') {
      refuse('invalid', 'SinkConfiguration.batch_events of a webhook sink must be true or false')
    }
    return { ...given, destination, method, batch_events }
  },
  kinesis: (given) => {
    const arn = required(given, 'arn', 'kinesis')
    const role_arn = required(given, 'role_arn', 'kinesis')
    required(given, 'external_id', 'kinesis')
    if (!streamArn.test(arn)) refuse('invalid', `SinkConfiguration.arn '${arn}' is not the ARN of a Kinesis stream`)
    if (!roleArn.test(role_arn)) refuse('invalid', `SinkConfiguration.role_arn '${role_arn}' is not the ARN of a role`)
    return given
  },
  segment: (given) => {
    required(given, 'write_key', 'segment')
    return given
  },
  email: () => refuse('invalid', 'SinkType email is not supported: use webhook, kinesis or segment')
}

const streamArn = /^arn:aws[\w-]*:kinesis:[a-z0-9-]+:\d{12}:stream\/[\w.-]{1,128}$/
const roleArn = /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,600}$/

function required(given: Configuration, name: string, type: SinkType): string {
  const value = given[name]
  return typeof value === 'string' && value.trim() !== ''
    ? value
    : refuse('invalid', `SinkConfiguration of a ${type} sink needs ${name}, as text`)
}

/** The digits of a SID, which begin with an instant, as a UUID of version 7. */
function uuidOf(hex: string): string {
  const digits = `${hex.slice(0, 12)}7${hex.slice(13, 16)}8${hex.slice(17)}`
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-'
  )
}
