import { InvalidRequest } from '@ringdown/contract/form'
import type { Command } from '@ringdown/engine/commands'
import { notFound } from '@ringdown/engine/core/parameters'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { Kinds } from '@ringdown/engine/kinds'
import { checkAccountSid } from '@ringdown/engine/numbers/callback'
import { calleeIn } from '@ringdown/engine/voice/calling'
import { conferenceParticipantOf } from '@ringdown/engine/voice/participant'
import { queueOf } from '@ringdown/engine/voice/queue'
import { queueMemberOf } from '@ringdown/engine/voice/queue-member'
import type { RecordingRow } from '@ringdown/engine/voice/rows'
import type { PageQuery } from '../../store/store.ts'
import { readTwiml } from '../../twiml/document.ts'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'
import {
  representCall,
  representConference,
  representConferenceParticipant,
  representMember,
  representPhoneCall,
  representQueue,
  representRecording
} from './representation.ts'

type OfAccount = { readonly account_sid: string }
type OfConference = OfAccount & { readonly conference_sid: string }
type OfCall = OfAccount & { readonly call_sid: string }
type Params = Readonly<Record<string, unknown>>
type Where = [string, '=' | '>=' | '<=' | '<', string | number]

/** Calls, queues, conferences and recordings of the API of 2010 (reference voice 1, 5, 7 and 8). */
export const voiceNouns: Readonly<Record<string, Noun>> = {
  call: noun({
    kind: 'call',
    find: (context, path: OfAccount & One) => anyCall(context, path, path.sid),
    rows: ({ state }, path: OfAccount, params) => {
      checkAccountSid(state, path)
      return callsBy(params)
    },
    represent: (_state, row) => representCall(row),
    agreed: (_context, command) => Promise.resolve(withVerbs(command))
  }),
  queue: noun({
    kind: 'queue',
    find: ({ state }, path: OfAccount & One) => {
      checkAccountSid(state, path)
      return queueOf(state, path.sid)
    },
    rows: ({ state }, path: OfAccount) => {
      checkAccountSid(state, path)
      return { index: 'account_sid', key: state.account_sid }
    },
    represent: representQueue
  }),
  member: noun({
    kind: 'queue_member',
    find: ({ state }, path: OfAccount & { readonly queue_sid: string; readonly call_sid: string }) => {
      checkAccountSid(state, path)
      return queueMemberOf(state, path)
    },
    rows: ({ state }, path: OfAccount & { readonly queue_sid: string }) => {
      checkAccountSid(state, path)
      return { index: 'queue_sid', key: queueOf(state, path.queue_sid).sid }
    },
    represent: representMember,
    commands: { update: 'queue_member.update' }
  }),
  conference: noun({
    kind: 'conference',
    find: (context, path: OfAccount & One) => anyConference(context, path, path.sid),
    rows: ({ state }, path: OfAccount, params) => {
      checkAccountSid(state, path)
      return conferencesBy(params)
    },
    represent: (_state, row) => representConference(row)
  }),
  participant: noun({
    kind: 'conference_participant',
    find: ({ state }, path: OfConference & { readonly call_sid: string }) => {
      checkAccountSid(state, path)
      return conferenceParticipantOf(state, path)
    },
    rows: async (context, path: OfConference) => {
      const conference = await anyConference(context, path, path.conference_sid)
      return { index: 'conference_sid', key: conference.sid }
    },
    represent: (_state, row) => representConferenceParticipant(row)
  }),
  recording: recordings<OfAccount>(() => []),
  call_recording: recordings<OfCall>(({ call_sid }) => [['call_sid', '=', call_sid]]),
  conference_recording: recordings<OfConference>(({ conference_sid }) => [['conference_sid', '=', conference_sid]])
}

type OfPhone = { readonly phone_sid: string }

/** What virtual phones do with calls, and hear of them (reference voice 3). */
export const phoneCallNouns: Readonly<Record<string, Noun>> = {
  phone_call: noun({
    kind: 'call',
    find: async (context, { phone_sid, sid }: OfPhone & One) => {
      const call = await anyCall(context, undefined, sid)
      return call.phone_sid === phone_sid ? call : notFound(`/Phones/${phone_sid}/Calls/${sid}`)
    },
    rows: ({ state }, { phone_sid }: OfPhone) => {
      if (!state.find('phone', phone_sid)) notFound(`/Phones/${phone_sid}`)
      return { where: [['phone_sid', '=', phone_sid]], order: ['seq'], descending: true }
    },
    represent: representPhoneCall,
    commands: { create: 'phone_call.create', update: 'phone_call.update' }
  }),
  phone_heard: noun({
    kind: 'heard',
    rows: ({ state }, { phone_sid }: OfPhone, { call_sid }) => {
      if (!state.find('phone', phone_sid)) notFound(`/Phones/${phone_sid}`)
      const where: Where[] = [['phone_sid', '=', phone_sid]]
      if (typeof call_sid === 'string') where.push(['call_sid', '=', call_sid])
      return { where, order: ['seq'] }
    }
  })
}

/** A call by its SID. Where it is in memory it is the newer one. 404 where there is none. */
async function anyCall(
  { state, ledger }: Pick<Context, 'state' | 'ledger'>,
  path: OfAccount | undefined,
  sid: string
): Promise<Kinds['call']> {
  if (path) checkAccountSid(state, path)
  const [row] = [state.find('call', sid) ?? (await ledger.find('call', { sid }))].flat()
  return row ?? notFound(`/Calls/${sid}`)
}

async function anyConference(
  { state, ledger }: Pick<Context, 'state' | 'ledger'>,
  path: OfAccount,
  sid: string
): Promise<Kinds['conference']> {
  checkAccountSid(state, path)
  const [row] = [state.find('conference', sid) ?? (await ledger.find('conference', { sid }))].flat()
  return row ?? notFound(`/Conferences/${sid}`)
}

function recordings<P extends OfAccount>(of: (path: P) => Where[]): Noun {
  const isOf = (path: P, row: RecordingRow) =>
    of(path).every(([column, , value]) => row[column as 'call_sid'] === value) // they name columns
  return noun({
    kind: 'recording',
    find: async ({ state, ledger }, path: P & One) => {
      checkAccountSid(state, path)
      const [row] = [state.find('recording', path.sid) ?? (await ledger.find('recording', { sid: path.sid }))].flat()
      return row && isOf(path, row) ? row : notFound(`/Recordings/${path.sid}`)
    },
    rows: ({ state }, path: P, params) => {
      checkAccountSid(state, path)
      const where = [...of(path), ...datesIn(params, 'date_created')]
      for (const column of ['call_sid', 'conference_sid'] as const) {
        const value = params[column]
        if (typeof value === 'string') where.push([column, '=', value])
      }
      return { where, order: ['seq'], descending: true }
    },
    represent: (_state, row) => representRecording(row),
    commands: { create: 'recording.create', update: 'recording.update', delete: 'recording.delete' }
  })
}

/** The newest first. */
function callsBy(params: Params): ColdQuery {
  const where: Where[] = []
  for (const column of ['to', 'from'] as const) {
    const value = params[column]
    if (typeof value === 'string') where.push([column, '=', calleeIn(value) ?? value])
  }
  for (const column of ['status', 'parent_call_sid'] as const) {
    const value = params[column]
    if (typeof value === 'string') where.push([column, '=', value])
  }
  const started = datesIn(params, 'start_time')
  const ended = datesIn(params, 'end_time')
  const order: PageQuery['order'] = started.length > 0 ? ['start_time', 'seq'] : ['seq']
  return { where: [...where, ...started, ...ended], order, descending: true }
}

function conferencesBy(params: Params): ColdQuery {
  const where: Where[] = []
  for (const column of ['friendly_name', 'status'] as const) {
    const value = params[column]
    if (typeof value === 'string') where.push([column, '=', value])
  }
  return {
    where: [...where, ...datesIn(params, 'date_created'), ...datesIn(params, 'date_updated')],
    order: ['seq'],
    descending: true
  }
}

const day_ms = 86_400_000

/** A date alone is the whole of its day; before and after are with that instant. */
function datesIn(params: Params, name: string): Where[] {
  const [day, before, after] = [params[name], params[`${name}_before`], params[`${name}_after`]].map(instantIn)
  const where: Where[] = []
  if (day !== undefined) {
    const begin = day - (day % day_ms)
    where.push([name, '>=', begin], [name, '<', begin + day_ms])
  }
  if (before !== undefined) where.push([name, '<=', before])
  if (after !== undefined) where.push([name, '>=', after])
  return where
}

/** Some of the lists have dates as texts. */
function instantIn(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const instant = Date.parse(value)
  if (Number.isNaN(instant)) throw new InvalidRequest(`'${value.slice(0, 60)}' is no date`, 'Date')
  return instant
}

/** Characters of a document that comes with a request. */
const maxTwiml = 4000

/** A document that comes with a request is read here: the engine has verbs. */
function withVerbs(command: Command): Command {
  if (!('twiml' in command) || typeof command.twiml !== 'string' || command.twiml === '') return command
  const { twiml, ...others } = command
  if (twiml.length > maxTwiml) throw new Refusal('call.twiml_too_long', `Twiml has more than ${maxTwiml} characters`)
  const read = readTwiml(twiml, 'voice')
  if ('problem' in read) throw new Refusal('call.bad_twiml', `Twiml: ${read.problem.message}`)
  return { ...others, verbs: read.verbs } as object as Command // its parameters are those of the operation
}
