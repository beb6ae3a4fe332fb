import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

/* Interactions of Flex that are calls: in, out, and what becomes of their channels (reference flex 4.3 and 10). */

const ann = '+15550111'
const ada = 'client:ada'

function floor(): Switchboard {
  const center = new Switchboard()
  center.addQueue('Support')
  center.addWorkflow('Main', { default_filter: { queue: 'Support' } }, { task_reservation_timeout: 120 })
  center.do({ type: 'flex.setup', workspace_sid: center.workspace_sid })
  center.addWorker('Ada', { attributes: { contact_uri: ada }, capacity: { voice: 1, default: 1 } })
  center.phone(ada)
  center.phone(ann)
  return center
}

function begin(center: Switchboard, channel: object, properties: object = {}) {
  const routing = { properties: { workspace_sid: center.workspace_sid, ...properties } }
  const made = center.do({ type: 'interaction.create', channel: { type: 'voice', ...channel }, routing })
  return { ...made, task_sid: made.task?.sid ?? '' }
}

/** What a step has led to: the channel, the task, and who is on the channel. */
function now({ state }: Switchboard) {
  const [channel, task] = [state.tables.interaction_channel.all().at(-1), state.tables.task.all().at(-1)]
  const members = state.tables.interaction_participant.list('channel_sid', channel?.sid ?? '')
  return [channel?.status, task?.assignment_status, members.map(({ type }) => type).join()]
}

function take(center: Switchboard): void {
  const reservation = center.state.tables.reservation.all().at(-1)
  if (!reservation) throw new Error('nobody was offered anything')
  const { sid, task_sid, workspace_sid } = reservation
  center.do({ type: 'reservation.update', ...{ workspace_sid, task_sid, sid }, instruction: 'conference' })
  center.act(ada, 'answer')
}

const flow = (center: Switchboard, changes: object = {}) => ({
  default: {
    ...{ enabled: true, caller_id: ours, location: 'EE' },
    workflow_sid: center.workflow('Main').sid,
    queue_sid: center.queue('Support').sid,
    ...changes
  }
})

describe('an interaction that calls somebody', () => {
  it('has what the outbound call flow of the configuration says, and closes when the call is over', () => {
    const center = floor()
    center.do({
      type: 'flex_configuration.update',
      account_sid: center.state.account_sid,
      outbound_call_flows: flow(center)
    })
    const { task_sid } = begin(center, { initiated_by: 'api', participants: [{ address: ann }] })
    expect(JSON.parse(center.state.get('task', task_sid).attributes)).toMatchObject({
      ...{ outbound_to: ann, from: ours, direction: 'outbound', customerAddress: ann, channelType: 'voice' }
    })
    take(center)
    expect(center.callOf(ann)).toMatchObject({ from: ours, status: 'ringing' })
    center.act(ann, 'answer')
    center.act(ann, 'speak', 'Hello')
    expect(center.heard(ada)).toContain(`${ann}: Hello`)
    expect(now(center)).toEqual(['active', 'assigned', 'customer,agent'])
    center.act(ann, 'hang-up')
    expect(now(center)).toEqual(['closed', 'wrapping', 'customer'])
  })

  it('rings the agent who has begun it, and then the customer', () => {
    const center = floor()
    center.do({
      type: 'flex_configuration.update',
      account_sid: center.state.account_sid,
      outbound_call_flows: flow(center)
    })
    begin(center, { initiated_by: 'agent', participants: [{ address: ann }] }, { worker_sid: center.worker('Ada').sid })
    expect(center.status(ada)).toBe('ringing')
    expect(now(center)).toEqual(['active', 'reserved', 'customer'])
    center.act(ada, 'answer')
    expect(now(center)).toEqual(['active', 'assigned', 'customer,agent'])
    center.act(ann, 'answer')
    center.act(ada, 'speak', 'Hello')
    expect(center.heard(ann)).toContain(`${ada}: Hello`)
  })

  it('waits for an agent who cannot be called until that one says where', () => {
    const center = floor()
    center.addWorker('Bea', { capacity: { voice: 1 } })
    const to = { worker_sid: center.worker('Bea').sid, queue_sid: center.queue('Support').sid }
    begin(center, { initiated_by: 'agent', participants: [{ address: ann, proxy_address: ours }] }, to)
    expect(now(center)).toEqual(['active', 'reserved', 'customer'])
    expect(center.state.tables.call.size).toBe(0)
  })

  it('says more than the flow, which may be off', () => {
    const center = floor()
    const outbound_call_flows = flow(center, { enabled: false })
    center.do({ type: 'flex_configuration.update', account_sid: center.state.account_sid, outbound_call_flows })
    const workflow_sid = center.workflow('Main').sid
    const { task_sid } = begin(
      center,
      { initiated_by: 'api', participants: [{ address: ann, proxy_address: '+15550177' }] },
      { workflow_sid, attributes: { outbound_to: '+15550178' } }
    )
    expect(JSON.parse(center.state.get('task', task_sid).attributes)).toMatchObject({
      ...{ outbound_to: '+15550178', from: '+15550177' }
    })
  })
})

describe('the channel of a call', () => {
  it('closes when nobody takes its task', () => {
    const center = floor()
    const workflow_sid = center.workflow('Main').sid
    const { task_sid } = begin(center, { initiated_by: 'api', participants: [{ address: ann }] }, { workflow_sid })
    const { workspace_sid } = center
    center.do({ type: 'task.update', workspace_sid, sid: task_sid, assignment_status: 'canceled' })
    expect(now(center)).toEqual(['closed', 'canceled', 'customer'])
    expect(center.state.tables.interaction.all().at(-1)?.status).toBe('closed')
  })

  it('that is closed by the API hangs up on both', () => {
    const center = floor()
    const workflow_sid = center.workflow('Main').sid
    const { interaction } = begin(center, { initiated_by: 'api', participants: [{ address: ann }] }, { workflow_sid })
    take(center)
    center.act(ann, 'answer')
    const { sid: interaction_sid, channel_sid: sid } = interaction
    center.do({ type: 'interaction_channel.update', interaction_sid, sid, status: 'closed' })
    expect([center.status(ann), center.status(ada)]).toEqual(['completed', 'completed'])
    expect(now(center)).toEqual(['closed', 'wrapping', 'customer'])
  })
})

describe('an agent of a call', () => {
  const bob = 'client:bob'

  function talking() {
    const center = floor()
    center.addWorker('Bob', { attributes: { contact_uri: bob }, capacity: { voice: 1 }, activity: 'Offline' })
    center.phone(bob)
    const workflow_sid = center.workflow('Main').sid
    const { interaction } = begin(center, { initiated_by: 'api', participants: [{ address: ann }] }, { workflow_sid })
    take(center)
    center.act(ann, 'answer')
    const path = { interaction_sid: interaction.sid, channel_sid: interaction.channel_sid }
    const leave = () => {
      const [agent] = center.state.tables.interaction_participant
        .list('channel_sid', path.channel_sid)
        .filter(({ type }) => type === 'agent')
      center.do({ type: 'interaction_participant.update', ...path, sid: agent?.sid ?? '', status: 'closed' })
    }
    const invite = () => {
      center.move('Ada', 'Offline')
      center.move('Bob', 'Available')
      const routing = {
        properties: { workspace_sid: center.workspace_sid, workflow_sid, attributes: { outbound_to: ann } }
      }
      center.do({ type: 'invite.create', ...path, routing })
      const reservation = center.state.tables.reservation.all().at(-1)
      const { sid, task_sid, workspace_sid } = reservation ?? { sid: '', task_sid: '', workspace_sid: '' }
      center.do({ type: 'reservation.update', ...{ workspace_sid, task_sid, sid }, instruction: 'conference' })
    }
    return { center, leave, invite }
  }

  it('who is invited talks with the same customer, and goes on when the first one leaves', () => {
    const { center, leave, invite } = talking()
    invite()
    center.act(bob, 'answer')
    center.act(ada, 'speak', 'She lost her parcel')
    expect(center.heard(bob).at(-1)).toBe(`${ada}: She lost her parcel`)
    leave()
    expect(center.status(ada)).toBe('completed')
    center.act(bob, 'speak', 'Hello Ann')
    expect(center.heard(ann).at(-1)).toBe(`${bob}: Hello Ann`)
    center.act(ann, 'hang-up')
    expect(now(center)).toEqual(['closed', 'wrapping', 'customer'])
  })

  it('who leaves before the next one is there leaves music', () => {
    const { center, leave, invite } = talking()
    invite()
    leave()
    expect([center.status(ada), center.status(ann)]).toEqual(['completed', 'in-progress'])
    expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
    center.act(bob, 'answer')
    center.act(bob, 'speak', 'Hello Ann')
    expect(center.heard(ann).at(-1)).toBe(`${bob}: Hello Ann`)
  })
})

describe('an interaction of a call that waits', () => {
  function waiting() {
    const center = floor()
      .on(verb('Enqueue', { action: '/after' }, 'line'))
      .page('/after', [say('Goodbye')])
    const { sid: call_sid } = center.dial(ann)
    const workflow_sid = center.workflow('Main').sid
    begin(center, { initiated_by: 'customer' }, { workflow_sid, attributes: { call_sid, from: ann } })
    return center
  }

  it('connects it with whoever takes the task', () => {
    const center = waiting()
    take(center)
    center.act(ada, 'speak', 'Hello')
    expect(center.heard(ann).at(-1)).toBe(`${ada}: Hello`)
    center.act(ann, 'hang-up')
    expect(now(center)).toEqual(['closed', 'wrapping', 'customer'])
  })

  it('is over when the caller gives up', () => {
    const center = waiting()
    center.act(ann, 'hang-up')
    expect(now(center)).toEqual(['closed', 'canceled', 'customer'])
    expect(center.state.tables.task.all().at(-1)?.reason).toBe('hangup')
  })
})
