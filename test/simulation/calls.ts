import type { CallRow } from '@ringdown/engine/voice/rows'
import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * What callers, workers' phones, programs and supervisors do: documents are random, come late, twice or never, callers hang
 * up whenever they like, and workers do anything but answer. SIDs are taken from the twin, which forgets nothing.
 */

const ours = '+3726000'
const devices = ['client:ada', 'client:bob', 'client:sam', '+37255500001', '+37255500002', '+37255500003'] as const

const alive = ({ status }: CallRow) => status === 'queued' || status === 'ringing' || status === 'in-progress'

interface Verb {
  readonly verb: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text?: string
  readonly children?: readonly Verb[]
}

const url = 'https://acme.example/voice'
const callback = 'https://acme.example/ringdown/v1/twiml/wait-with-callback'
const waits = ['', '/wait', callback]

/** A conference that others may be in. */
function conference({ dice }: Workload): Verb {
  return {
    verb: 'Dial',
    attributes: { action: '/d' },
    children: [
      {
        verb: 'Conference',
        attributes: {
          startConferenceOnEnter: dice.of(['true', 'false']),
          endConferenceOnExit: dice.of(['true', 'false']),
          ...(dice.chance(50) && { waitUrl: dice.of(['', '/wait']) })
        },
        text: dice.of(['Room', 'Other'])
      }
    ]
  }
}

/** A verb of a document, with whatever it may lead to. */
function verb(w: Workload, workspace: string): Verb {
  const { dice } = w
  const say = { verb: 'Say', attributes: {}, text: dice.of(['Hello', 'Please hold', 'Goodbye']) }
  const workflow = w.any('workflow', workspace)
  return dice.of<() => Verb>([
    () => say,
    () => ({ verb: 'Pause', attributes: { length: dice.of(['1', '20']) } }),
    () => ({ verb: 'Play', attributes: { loop: dice.of(['0', '2']) }, text: 'music.wav' }),
    () => ({ verb: 'Gather', attributes: { numDigits: '2', action: '/a' }, children: [say] }),
    () => ({ verb: 'Gather', attributes: { input: 'speech', actionOnEmptyResult: 'true' } }),
    () => ({ verb: 'Record', attributes: { timeout: '3', action: '/r' } }),
    () => ({ verb: 'Enqueue', attributes: { workflowSid: workflow, waitUrl: dice.of(waits), action: '/q' } }),
    ...Array.from({ length: 8 }, () => () => ({ verb: 'Enqueue', attributes: { workflowSid: workflow } })),
    () => ({ verb: 'Enqueue', attributes: { maxQueueSize: '2' }, text: 'line' }),
    () => ({ verb: 'Leave', attributes: {} }),
    () => ({ verb: 'Dial', attributes: { timeout: '10' }, text: dice.of(devices) }),
    () => ({
      verb: 'Dial',
      attributes: { action: '/d', sequential: dice.of(['true', 'false']), record: 'record-from-answer' },
      children: [
        { verb: 'Client', attributes: {}, text: 'ada' },
        { verb: 'Number', attributes: { url: '/screen' }, text: '+37255500001' },
        { verb: 'Number', attributes: {}, text: '+49123456' }
      ]
    }),
    () => ({ verb: 'Dial', attributes: {}, children: [{ verb: 'Queue', attributes: {}, text: 'line' }] }),
    ...Array.from({ length: 5 }, () => () => conference(w)),
    () => ({ verb: 'Redirect', attributes: {}, text: '/voice' }),
    () => ({ verb: 'Hangup', attributes: {} }),
    () => ({ verb: 'Reject', attributes: { reason: 'busy' } }),
    () => ({ verb: 'Pay', attributes: {} })
  ])()
}

function verbs(w: Workload, workspace: string): Verb[] {
  return Array.from({ length: w.dice.roll(4) }, () => verb(w, workspace))
}

export const callActs = {
  addPhoneFor: (w) =>
    command(
      {
        type: 'phone.create',
        address: w.dice.of(devices),
        call_outcome: w.dice.of(['rings', 'rings', 'answers', 'busy', 'rejects']),
        answered_after_ms: w.dice.of([0, 500, 4000]),
        presses: w.dice.of([[], ['1', '22']])
      },
      w.fresh('x')
    ),
  phoneActs: (w) =>
    command({
      type: 'phone.behave',
      phone_sid: w.any('phone'),
      call_outcome: w.dice.of(['rings', 'rings', 'answers', 'busy', 'rejects'])
    }),
  phoneGoes: (w) => command({ type: 'phone.delete', sid: w.any('phone') }),
  addNumber: () => command({ type: 'incoming_phone_number.create', phone_number: ours, voice_url: url }),
  somebodyCalls: (w) => command({ type: 'phone_call.create', phone_sid: w.any('phone'), to: ours }),
  somebodyActs: (w) => {
    const call = w.call((one) => one.phone_sid !== null && alive(one)) ?? w.call()
    const action = w.dice.of(['answer', 'answer', 'answer', 'reject', 'hang-up', 'press', 'speak', 'speak'] as const)
    return command({
      type: 'phone_call.update',
      ...{ phone_sid: call?.phone_sid ?? w.any('phone'), sid: call?.sid ?? w.any('phone'), action },
      ...(action === 'press' && { digits: w.dice.of(['1', '1', '12', '5#', '37255500002#']) }),
      ...(action === 'speak' && { text: w.dice.of(['Hello', 'My order']) })
    })
  },
  somebodyAnswers: (w) => {
    const call = w.call((one) => one.phone_sid !== null && one.direction !== 'inbound' && one.status === 'ringing')
    const { phone_sid, sid } = call ?? { phone_sid: w.any('phone'), sid: w.any('phone') }
    return command({ type: 'phone_call.update', phone_sid: phone_sid ?? '', sid, action: 'answer' })
  },
  /** Who waits, and is asked whether it wants to be called back. */
  waiterPresses: (w) => {
    const isAsked = ({ program }: CallRow) => program?.frames.at(-1)?.url.includes('wait-with-callback') === true
    const call = w.call((one) => alive(one) && isAsked(one)) ?? w.call((one) => alive(one) && one.task_sid !== null)
    const { phone_sid, sid } = call ?? { phone_sid: w.any('phone'), sid: w.any('phone') }
    const digits = w.dice.of(['1', '1', '1', '2', '37255500002#', '9'])
    return command({ type: 'phone_call.update', phone_sid: phone_sid ?? '', sid, action: 'press', digits })
  },
  callerGoes: (w) => {
    const call = w.call((one) => one.phone_sid !== null && alive(one)) ?? w.call()
    const { phone_sid, sid } = call ?? { phone_sid: w.any('phone'), sid: w.any('phone') }
    return command({ type: 'phone_call.update', phone_sid: phone_sid ?? '', sid, action: 'hang-up' })
  },
  programAnswers: (w, s) => {
    const asking = w.call(({ request }) => request !== null)
    const isMissing = w.dice.chance(10)
    return command({
      type: 'call.document',
      call_sid: asking?.sid ?? w.call()?.sid ?? `CA${'0'.repeat(32)}`,
      ticket: w.dice.chance(8) ? '1' : (asking?.request?.ticket ?? '1'),
      ...{ url, method: 'POST', isMissing },
      verbs: isMissing ? [] : verbs(w, s),
      problems: isMissing ? [{ code: 11200, reason: 'down', url, level: 'error' }] : []
    })
  },
  callOutside: (w, s) =>
    command({
      type: 'call.create',
      ...{ to: w.dice.of([...devices, '+4912345']), from: ours, timeout: w.dice.of([5, 60]) },
      ...(w.dice.chance(50) ? { url } : { verbs: verbs(w, s) }),
      ...(w.dice.chance(20) && { send_digits: 'w12', record: true })
    }),
  callChanges: (w, s) => {
    const sid = w.call(alive)?.sid ?? w.call()?.sid ?? `CA${'0'.repeat(32)}`
    return command({
      type: 'call.update',
      sid,
      ...w.dice.of([{ status: 'completed' as const }, { status: 'canceled' as const }, { verbs: verbs(w, s) }, { url }])
    })
  },
  callIsAContact: (w, s) => {
    const { dice } = w
    const waits = w.call((one) => alive(one) && one.task_sid === null && one.direction === 'inbound')
    const initiated_by = waits ? 'customer' : dice.of(['api', 'api', 'agent'] as const)
    const isAgents = initiated_by === 'agent'
    const to = isAgents && { worker_sid: w.any('worker', s), queue_sid: w.any('queue', s) }
    return command(
      {
        type: 'interaction.create',
        channel: { type: 'voice', initiated_by, ...(!waits && { participants: [{ address: dice.of(devices) }] }) },
        routing: {
          properties: {
            ...{ workspace_sid: `@${s}`, workflow_sid: w.any('workflow', s), ...to },
            attributes: waits ? { call_sid: waits.sid } : { from: ours }
          }
        }
      },
      w.fresh('i')
    )
  },
  callIsDeleted: (w) => command({ type: 'call.delete', sid: w.call()?.sid ?? `CA${'0'.repeat(32)}` }),
  soundReports: (w) => {
    const call = w.call((one) => one.phone_sid === null && alive(one)) ?? w.call()
    const { sid = `CA${'0'.repeat(32)}`, reported = 0, leg = null } = call ?? {}
    return command({
      type: 'call.report',
      call_sid: sid,
      number: reported + w.dice.of([1, 1, 1, 0, 2]),
      event: w.dice.of([
        { type: 'ringing' },
        { type: 'answered', device: 'D1' },
        { type: 'digit', digit: '1' },
        { type: 'played', id: leg?.plays?.id ?? 0 },
        { type: 'dialog', dialog: 'x' },
        { type: 'no_sound', seconds: w.dice.of([5, 5, 60]) },
        { type: 'sound_again' },
        { type: 'ended', status: w.dice.of(['completed', 'busy', 'unreachable'] as const), by: 'remote' },
        { type: 'ended', status: 'failed', by: 'network', never_connected: true }
      ] as const)
    })
  },
  instruct: (w, s) => {
    const name = w.dice.of(['conference', 'conference', 'conference', 'dequeue', 'call', 'supervise'] as const)
    const { sid, task_sid } = w.pendingReservation() ?? { sid: w.made('reservation'), task_sid: w.made('task') }
    return command({
      type: 'reservation.update',
      ...{ workspace_sid: `@${s}`, task_sid: task_sid ?? '', sid: sid ?? '', instruction: name },
      ...(name === 'dequeue' && { dequeue_to: w.dice.of(devices), dequeue_timeout: 10 }),
      ...(name === 'conference' && {
        to: w.dice.of(devices),
        timeout: w.dice.of([5, 60]),
        end_conference_on_exit: w.dice.chance(30)
      }),
      ...(name === 'call' && {
        call_to: w.dice.of(devices),
        call_from: ours,
        call_url: url,
        call_accept: w.dice.chance(50)
      }),
      ...(name === 'supervise' && {
        supervisor: 'client:sam',
        supervisor_mode: w.dice.of(['monitor', 'whisper', 'barge'])
      })
    })
  },
  callbackInstructs: (w) =>
    command({
      type: 'reservation.instruct_voice',
      reservation_sid: w.pendingReservation()?.sid ?? w.made('reservation') ?? '',
      name: w.dice.of(['conference', 'dequeue', 'redirect'] as const),
      fields: { to: w.dice.of(devices), call_sid: w.call()?.sid ?? '', url }
    }),
  participantChanges: (w) => {
    const one = w.conferenceParticipant()
    return command({
      type: 'conference_participant.update',
      ...{ conference_sid: one?.conference_sid ?? `CF${'0'.repeat(32)}`, call_sid: one?.call_sid ?? 'customer' },
      ...w.dice.of([
        { hold: true },
        { hold: true, hold_url: url },
        { hold: false },
        { muted: true },
        { muted: false },
        { end_conference_on_exit: false }
      ])
    })
  },
  participantGoes: (w) => {
    const one = w.conferenceParticipant()
    const conference_sid = one?.conference_sid ?? `CF${'0'.repeat(32)}`
    return command({ type: 'conference_participant.delete', conference_sid, call_sid: one?.call_sid ?? 'customer' })
  },
  participantComes: (w) =>
    command({
      type: 'conference_participant.create',
      ...{ conference_sid: w.dice.of(['Room', 'Other']), from: ours, to: w.dice.of(devices) },
      end_conference_on_exit: w.dice.chance(20)
    }),
  taskCallChanges: (w, s) => {
    const one = w.conferenceParticipant()
    const task_sid = w.call(({ task_sid, conference_sid }) => task_sid !== null && conference_sid !== null)?.task_sid
    return command({
      type: 'task_call.update',
      ...{ workspace_sid: `@${s}`, task_sid: task_sid ?? w.made('task') ?? '' },
      ...w.dice.of([
        { invite: '+37255500003' },
        { invite: '+4912345' },
        { remove: one?.call_sid ?? `CA${'0'.repeat(32)}` },
        { recording: 'paused' as const }
      ])
    })
  },
  conferenceEnds: (w) =>
    command({ type: 'conference.update', sid: w.made('conference') ?? `CF${'0'.repeat(32)}`, status: 'completed' }),
  queueChanges: (w) => {
    const sid = w.made('queue') ?? `QU${'0'.repeat(32)}`
    return w.dice.chance(50)
      ? command({ type: 'queue_member.update', queue_sid: sid, call_sid: 'Front', url })
      : command({ type: 'queue.delete', sid })
  },
  callIsRecorded: (w) => {
    const call_sid = w.call(alive)?.sid ?? `CA${'0'.repeat(32)}`
    return w.dice.chance(50)
      ? command({ type: 'recording.create', call_sid })
      : command({
          type: 'recording.update',
          ...{ call_sid, sid: 'Twilio.CURRENT', status: w.dice.of(['paused', 'in-progress', 'stopped'] as const) }
        })
  }
} as const satisfies Record<string, Act>
