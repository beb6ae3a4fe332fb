import type { RenderedEvent } from '../core/events.ts'
import { render } from '../events.ts'
import type { VoiceVerb } from '../voice/program.ts'
import { definition, trigger, widget } from './flows.ts'
import { World } from './world.ts'

const customer = { messaging_binding_address: '+37255500001', messaging_binding_proxy_address: '+3726000' } as const

/**
 * Days of a small contact center in which everything happens that the engine has an event for. Answers what the log would
 * hold, and the account's SID. Always the same.
 */
export function eventfulDays(): { readonly events: readonly RenderedEvent[]; readonly account_sid: string } {
  const world = new World()
  furnish(world)
  handleTasks(world)
  handTasksOn(world)
  waitTooLong(world)
  talk(world)
  message(world)
  interact(world)
  automate(world)
  putAside(world)
  runFlow(world)
  telephone(world)
  clearAway(world)
  const events = world.events().map((event) => JSON.parse(JSON.stringify(render(event))) as RenderedEvent) // as the log has it
  return { events, account_sid: world.state.account_sid }
}

function furnish(world: World): void {
  const { workspace_sid } = world
  world.do({ type: 'workspace.update', sid: workspace_sid, friendly_name: 'Acme Support' })
  world.addQueue('Support')
  world.addQueue('Experts', { target_workers: 'expert == true' })
  world.addQueue('Night', { target_workers: 'nights == true' })
  world.addWorkflow(
    'Main',
    {
      filters: [
        {
          filter_friendly_name: 'Hard cases',
          expression: 'hard == true',
          targets: [{ queue: 'Experts', timeout: 60, skip_if: 'workers.available == 0' }]
        },
        {
          filter_friendly_name: 'Late',
          expression: 'late == true',
          targets: [
            { queue: 'Experts', timeout: 60 },
            { queue: 'Night', timeout: 60 }
          ]
        }
      ],
      default_filter: { queue: 'Support' }
    },
    { task_reservation_timeout: 30 }
  )
  world.addWorker('Ada', { attributes: { languages: ['en'] }, capacity: { default: 3 } })
  world.setAttributes('Ada', { languages: ['en', 'et'] })
  world.setChannel('Ada', 'voice', { available: false })
}

function handleTasks(world: World): void {
  world.addTask('order', { attributes: { name: 'Ann', order: 4711 } })
  world.updateTask('order', { priority: 5 })
  world.reject('Ada', 'order')
  world.pass('2 s')
  world.accept('Ada', 'order')
  world.pass('90 s')
  world.respond('Ada', 'order', 'wrapping')
  world.complete('Ada', 'order')

  world.addTask('spam')
  world.updateTask('spam', { assignment_status: 'canceled', reason: 'spam' })
  world.addTask('twice')
  world.deleteTask('twice')

  world.addTask('unanswered')
  world.pass('30 s')
  world.move('Ada', 'Offline')
  world.deleteTask('unanswered')
  world.move('Ada', 'Available')
}

function handTasksOn(world: World): void {
  world.addTask('hard')
  world.accept('Ada', 'hard')
  world.addWorker('Bea', { attributes: { expert: true } })
  world.addWorker('Cleo', { attributes: { expert: true } })
  const hand = (to: string) => {
    const { sid, task_sid, worker_sid } = world.reservation('Ada', 'hard')
    const { workspace_sid } = world
    const reservation = { workspace_sid, worker_sid, reservation_sid: sid, task_sid }
    return world.do({ type: 'transfer.create', ...reservation, to }).transfer
  }
  hand(world.worker('Bea').sid)
  world.reject('Bea', 'hard')
  const { sid, workspace_sid, initiating_worker_sid: worker_sid } = hand(world.queue('Experts').sid)
  world.do({ type: 'transfer.cancel', workspace_sid, worker_sid, sid })
  hand(world.queue('Experts').sid)
  const [first = ''] = world.who('hard')
  world.reject(first, 'hard')
  world.pass('2 s')
  const [second = ''] = world.who('hard')
  world.accept(second, 'hard')
  world.complete('Ada', 'hard')
  world.complete(second, 'hard')

  // Offered to one worker alone, who is not there.
  world.move('Cleo', 'Offline')
  world.addTask('for Cleo', { routing_target: world.worker('Cleo').sid })
  world.pass('2 min')
  // Several are asked, and one takes it.
  world.move('Cleo', 'Available')
  const { sid: experts } = world.queue('Experts')
  world.do({ type: 'task_queue.update', workspace_sid, sid: experts, max_reserved_workers: 2 })
  world.addTask('for any expert', { attributes: { hard: true } })
  world.accept('Bea', 'for any expert')
  world.complete('Bea', 'for any expert')
}

function waitTooLong(world: World): void {
  for (const name of ['Ada', 'Bea', 'Cleo']) world.move(name, 'Offline')
  // Passes the filter that has nobody, and goes to the default queue.
  world.addTask('skipping', { attributes: { hard: true } })
  world.deleteTask('skipping')
  // Falls through all of its targets.
  world.addTask('late', { attributes: { late: true } })
  world.pass('3 min')
  // Is held for a day.
  world.move('Ada', 'Available')
  world.addTask('forgotten')
  world.accept('Ada', 'forgotten')
  world.pass('2 d')
}

function talk(world: World): void {
  world.do({ type: 'user.create', identity: 'ann', friendly_name: 'Ann' })
  world.do({ type: 'user.update', sid: 'ann', friendly_name: 'Ann A.' })
  const { sid } = world.do({ type: 'conversation.create', friendly_name: 'Where is my order?' }).conversation
  world.do({ type: 'conversation.update', sid, attributes: '{"order":4711}' })
  const { participant } = world.do({ type: 'participant.create', conversation_sid: sid, ...customer })
  const place = { conversation_sid: sid, sid: participant.sid }
  world.do({ type: 'participant.update', ...place, attributes: '{"vip":true}' })
  const { message } = world.do({ type: 'message.create', conversation_sid: sid, author: 'ann', body: 'Hello?' })
  world.do({ type: 'message.update', conversation_sid: sid, sid: message.sid, body: 'Hello!' })
  const way = { message_sid: message.sid, participant_sid: participant.sid, channel_message_sid: `SM${'1'.repeat(32)}` }
  world.do({ type: 'message_receipt.create', ...way })
  world.do({ type: 'message.delete', conversation_sid: sid, sid: message.sid })
  world.do({ type: 'participant.delete', ...place })
  world.do({ type: 'conversation.update', sid, state: 'closed' })
  world.do({ type: 'conversation.delete', sid })
}

/** Customers and carriers of every temper. */
function message(world: World): void {
  const ours = '+3726000'
  const send = (to: string, body: string) => {
    const { sid } = world.do({ type: 'channel_message.create', from: ours, to, body }).channel_message
    const { answer } = world.do({ type: 'phone.take', sid })
    if ('error_code' in answer) world.do({ type: 'channel_message.given', sid, ...answer })
  }
  const { sid: phone_sid } = world.do({ type: 'phone.create', address: '+37255500010', read_after_ms: 0 }).phone
  world.do({ type: 'phone.write', phone_sid, to: ours, body: 'Where is my order?' })
  send('+37255500010', 'It comes today')
  world.do({ type: 'phone.create', address: '+37255500011', outcome: 'undelivered' })
  send('+37255500011', 'It comes today')
  world.do({ type: 'phone.create', address: '+37255500012', outcome: 'failed' })
  send('+37255500012', 'It comes today')
}

function interact(world: World): void {
  const { workspace_sid } = world
  world.do({ type: 'flex.setup', workspace_sid })
  world.setChannel('Ada', 'sms', { capacity: 3 })
  const { sid } = world.do({ type: 'conversation.create' }).conversation
  world.do({ type: 'participant.create', conversation_sid: sid, ...customer })
  const routing = { properties: { workspace_sid, workflow_sid: world.workflow('Main').sid, attributes: {} } }
  const begin = (media_channel_sid: string) =>
    world.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid } },
      routing
    })
  const { interaction } = begin(sid)
  const channel_sid = interaction.channel_sid
  const offered = world.state.tables.reservation.firstBy('open_by_worker', world.worker('Ada').sid)
  const { task_sid = '', sid: reservation_sid = '' } = offered ?? {}
  const respond = (reservation_status: string) =>
    world.do({ type: 'reservation.update', workspace_sid, task_sid, sid: reservation_sid, reservation_status })
  respond('accepted')
  for (const status of ['failed', 'completed']) {
    const path = { interaction_sid: interaction.sid, channel_sid }
    const wish = { ...path, transfer_type: 'warm', to: world.queue('Night').sid }
    const { interaction_transfer } = world.do({ type: 'interaction_transfer.create', ...wish })
    world.do({ type: 'interaction_transfer.update', ...path, sid: interaction_transfer.sid, status })
  }
  respond('wrapping')
  respond('completed')
  world.do({ type: 'interaction_channel.update', interaction_sid: interaction.sid, sid: channel_sid, status: 'closed' })
  begin(`CH${'0'.repeat(32)}`)
}

/** What an agent's page would do in time is done without it. */
function automate(world: World): void {
  const { workspace_sid } = world
  const { account_sid } = world.state
  const set = { channel: 'sms', auto_accept: true, auto_wrapup: true, wrapup_time: 30_000, allow_extended_wrapup: true }
  const configure = (enabled: boolean) => {
    const features = { agent_automation: { enabled, configuration: [{ ...set, extended_wrapup_time: 60_000 }] } }
    world.do({ type: 'flex_configuration.update', account_sid, ui_attributes: { custom_data: { features } } })
  }
  configure(true)
  world.addTask('automatic', { task_channel: 'sms' })
  const task_sid = world.sid('automatic')
  const { sid = '' } = world.state.tables.reservation.firstBy('task_sid', task_sid) ?? {}
  world.do({ type: 'reservation.update', workspace_sid, task_sid, sid, reservation_status: 'wrapping' })
  world.do({ type: 'wrap_up.update', workspace_sid, reservation_sid: sid, extended: true })
  world.pass('2 min')
  configure(false)
}

/** An agent parks contacts: one comes back when its customer writes, and nothing is left by which the other could. */
function putAside(world: World): void {
  const { workspace_sid } = world
  world.addQueue('Aside')
  const workflow = world.addWorkflow('Aside', { filters: [], default_filter: { queue: 'Aside' } })
  world.addWorker('Ute', { capacity: { default: 5 } })
  const parked = () => {
    const { sid: conversation_sid } = world.do({ type: 'conversation.create' }).conversation
    world.do({ type: 'participant.create', conversation_sid, ...customer, messaging_binding_proxy_address: '+3726002' })
    const { task } = world.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation_sid } },
      routing: { properties: { workspace_sid, workflow_sid: workflow.sid, task_channel_unique_name: 'default' } }
    })
    const task_sid = task?.sid ?? ''
    const { sid = '', worker_sid = '' } = world.state.tables.reservation.firstBy('task_sid', task_sid) ?? {}
    world.do({ type: 'reservation.update', workspace_sid, task_sid, sid, reservation_status: 'accepted' })
    world.do({ type: 'parked_contact.create', workspace_sid, worker_sid, task_sid })
    const author = customer.messaging_binding_address
    return () => {
      world.do({ type: 'message.create', conversation_sid, author, body: 'One more thing' })
      world.do({ type: 'conversation.delete', sid: conversation_sid })
    }
  }
  parked()()
  const write = parked()
  world.do({ type: 'workflow.delete', workspace_sid, sid: workflow.sid })
  world.do({ type: 'task_queue.delete', workspace_sid, sid: world.queue('Aside').sid })
  write()
}

/** A flow comes to a widget that nothing here can do. */
function runFlow(world: World): void {
  const states = [trigger({ incomingRequest: 'greet' }), widget('greet', 'say-play', {}, { say: 'Hello!' })]
  const flow = { type: 'flow.create', friendly_name: 'Welcome', status: 'published' } as const
  const { sid: flow_sid } = world.do({ ...flow, definition: definition(states) }).flow
  world.do({ type: 'execution.create', flow_sid, to: customer.messaging_binding_address, from: '+3726000' })
}

/** Somebody calls, waits, is connected, meets others in a conference and leaves a message. */
function telephone(world: World): void {
  const ours = '+37260001'
  world.do({ type: 'incoming_phone_number.create', phone_number: ours, voice_url: 'https://acme.example/voice' })
  const [ann, bob] = ['+37255500091', '+37255500092'].map(
    (address) => world.do({ type: 'phone.create', address, call_outcome: 'answers' }).phone
  )
  if (!ann || !bob) throw new Error('both phones were made')
  const say = { verb: 'Say', attributes: {}, text: 'Hello' }
  const answer = (call_sid: string, ...verbs: readonly VoiceVerb[]) => {
    const { request } = world.state.get('call', call_sid)
    const url = 'https://acme.example/voice'
    world.do({
      type: 'call.document',
      ...{ call_sid, ticket: request?.ticket ?? '', url, method: 'POST', verbs, isMissing: verbs.length === 0 },
      problems: verbs.length > 0 ? [] : [{ code: 11200, reason: "the answer's status is 500", url, level: 'error' }]
    })
  }
  const calls = () => world.do({ type: 'phone_call.create', phone_sid: ann.sid, to: ours }).call.sid
  const hangsUp = (phone_sid: string, sid: string) =>
    world.do({ type: 'phone_call.update', phone_sid, sid, action: 'hang-up' })

  answer(calls())
  world.pass('10 s')

  const waiting = calls()
  answer(waiting, { verb: 'Enqueue', attributes: {}, text: 'line' })
  world.pass('20 s')
  const taken = world.do({
    type: 'call.create',
    ...{ to: bob.address, from: ours, status_callback: 'https://acme.example/status' },
    status_callback_event: ['initiated', 'ringing', 'answered', 'completed'],
    verbs: [{ verb: 'Dial', attributes: {}, children: [{ verb: 'Queue', attributes: {}, text: 'line' }] }]
  }).call.sid
  world.pass('30 s')
  hangsUp(bob.sid, taken)

  const { conference_sid, call_sid } = world.do({
    type: 'conference_participant.create',
    ...{ conference_sid: 'Room', from: ours, to: bob.address, label: 'bob' }
  }).conference_participant
  const meeting = calls()
  answer(meeting, {
    verb: 'Dial',
    attributes: {},
    children: [{ verb: 'Conference', attributes: {}, text: 'Room' }]
  })
  for (const change of [
    { muted: true },
    { muted: false },
    { hold: true },
    { hold: false },
    { end_conference_on_exit: true }
  ])
    world.do({ type: 'conference_participant.update', conference_sid, call_sid, ...change })
  hangsUp(bob.sid, call_sid)

  const speaking = calls()
  answer(speaking, { verb: 'Record', attributes: { action: '/recorded', playBeep: 'false' } })
  world.do({ type: 'phone_call.update', phone_sid: ann.sid, sid: speaking, action: 'speak', text: 'Call me back' })
  hangsUp(ann.sid, speaking)
  answer(speaking, say)
  // Whoever has the sound of calls has gone, and is there again.
  world.do({ type: 'sound.note', is: 'gone', seconds: 10, calls: 2 })
  world.do({ type: 'sound.note', is: 'back', seconds: 14, calls: 0 })
}

function clearAway(world: World): void {
  const { workspace_sid } = world
  world.do({
    type: 'task_queue.create',
    workspace_sid,
    friendly_name: 'Nobody',
    target_workers: "langauges HAS 'et'"
  })
  const { sid: queue } = world.queue('Nobody')
  world.do({ type: 'task_queue.update', workspace_sid, sid: queue, target_workers: "languages HAS 'et'" })
  world.do({ type: 'task_queue.delete', workspace_sid, sid: queue })
  const lunch = world.do({ type: 'activity.create', workspace_sid, friendly_name: 'Lunch' }).activity
  world.do({ type: 'activity.update', workspace_sid, sid: lunch.sid, friendly_name: 'Break' })
  world.do({ type: 'activity.delete', workspace_sid, sid: lunch.sid })
  const fax = { type: 'task_channel.create', workspace_sid, friendly_name: 'Fax', unique_name: 'fax' } as const
  const { sid } = world.do(fax).task_channel
  world.do({ type: 'task_channel.update', workspace_sid, sid, friendly_name: 'Telefax' })
  world.do({ type: 'task_channel.delete', workspace_sid, sid })
  const spare = world.addWorkflow('Spare', { filters: [], default_filter: { queue: 'Support' } })
  world.updateWorkflow('Spare', { task_routing: { filters: [], default_filter: { queue: 'Night' } } })
  world.do({ type: 'workflow.delete', workspace_sid, sid: spare.sid })
  for (const name of ['Bea', 'Cleo']) world.move(name, 'Offline')
  world.do({ type: 'worker.delete', workspace_sid, sid: world.worker('Bea').sid })
  const other = world.do({ type: 'workspace.create', friendly_name: 'Try-out' }).workspace
  world.do({ type: 'workspace.delete', sid: other.sid })
  const sink_configuration = { destination: 'https://acme.example/hook' }
  const sink = { type: 'sink.create', description: 'Lake', sink_type: 'webhook', sink_configuration } as const
  world.do({ type: 'sink.test', sid: world.do(sink).sink.sid })
}
