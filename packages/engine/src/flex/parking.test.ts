import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { type Contact, FlexFloor } from '../testing/flex-floor.ts'

/* Contacts that an agent puts aside, and what brings them back. */

function floorWith(...agents: readonly string[]): { floor: FlexFloor; contact: Contact } {
  const floor = new FlexFloor()
  for (const agent of agents) floor.agent(agent)
  const contact = floor.contact({ topic: 'order' })
  contact.accept()
  return { floor, contact }
}

const of = (floor: FlexFloor, worker: string) => ({
  workspace_sid: floor.workspace_sid,
  worker_sid: floor.worker(worker).sid
})

function park({ floor, tasks }: Contact, worker: string, resume_at?: number) {
  const task_sid = tasks.at(-1)?.sid ?? ''
  return floor.do({ type: 'parked_contact.create', ...of(floor, worker), task_sid, ...(resume_at && { resume_at }) })
    .parked_contact
}

const write = ({ floor, conversation }: Contact, author = '+37255500001') =>
  floor.do({ type: 'message.create', conversation_sid: conversation.sid, author, body: 'Hello?' })

const whys = (floor: FlexFloor) => floor.events('ringdown.contact.unparked').map((event) => render(event).data.reason)

describe('a contact that is parked', () => {
  it('has nobody in it, completes its task, and stays open with its conversation', () => {
    const { floor, contact } = floorWith('Bea')
    const parked = park(contact, 'Bea')
    expect(contact.statuses).toEqual(['completed'])
    expect(contact.roster).toEqual(['+37255500001'])
    expect(contact.channel.status).toBe('active')
    expect(contact.conversation.state).toBe('active')
    expect(parked).toMatchObject({ task_sid: contact.tasks[0]?.sid, priority: 0, resume_at: null })
    expect(JSON.parse(parked.attributes)).toMatchObject({ topic: 'order' })
    const [event] = floor.events('ringdown.contact.parked').map(render)
    expect(event?.data).not.toHaveProperty('conversation_sid')
    expect(floor.refusal(() => park(contact, 'Bea'))).toContain('is in no contact')
  })

  it('comes back to its agent when the customer writes, with what it was', () => {
    const { floor, contact } = floorWith('Bea', 'Cy')
    park(contact, 'Bea')
    write(contact)
    expect(contact.statuses).toEqual(['completed', 'reserved'])
    expect(contact.reservation(1).worker_sid).toBe(floor.worker('Bea').sid)
    expect(contact.attributes(1)).toMatchObject({
      topic: 'order',
      parked: { task_sid: contact.tasks[0]?.sid, worker_sid: floor.worker('Bea').sid, reason: 'customer' }
    })
    write(contact)
    expect(contact.tasks).toHaveLength(2)
    contact.accept(1)
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
    expect(whys(floor)).toEqual(['customer'])
    expect(floor.state.tables.parked_contact.size).toBe(0)
  })

  it('of a group whose number the agent stands behind is the same group when its agent is back', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const conversation_sid = floor.do({ type: 'conversation.create' }).conversation.sid
    const ours = '+15005550006'
    const [ana, ben] = ['+15550000001', '+15550000002']
    for (const params of [
      { identity: 'Bea', messaging_binding_projected_address: ours },
      { messaging_binding_address: ana },
      { messaging_binding_address: ben }
    ])
      floor.do({ type: 'participant.create', conversation_sid, ...params })
    const contact = floor.contact({}, conversation_sid)
    contact.accept()
    park(contact, 'Bea')
    expect(contact.roster).toEqual([ana, ben, null])
    const { sid } = floor.do({ type: 'phone.create', address: ben }).phone
    const written = { phone_sid: sid, to: ours, other_recipients: [ana], body: 'And the keys?' }
    expect(floor.do({ type: 'phone.write', ...written }).channel_message.conversation_sid).toBe(conversation_sid)
    contact.accept(1)
    expect(contact.roster).toEqual([ana, ben, null, 'Bea'])
  })

  it('does not come back for what a colleague writes', () => {
    const { floor, contact } = floorWith('Bea')
    park(contact, 'Bea')
    write(contact, 'Nora')
    expect(floor.state.tables.parked_contact.size).toBe(1)
  })

  it('comes back to whoever is in the queue where its agent does not work any more', () => {
    const { floor, contact } = floorWith('Bea', 'Cy')
    park(contact, 'Bea')
    floor.move('Bea', 'Offline')
    write(contact)
    expect(contact.reservation(1).worker_sid).toBe(floor.worker('Cy').sid)
  })

  it('comes back when it is time, and not before', () => {
    const { floor, contact } = floorWith('Bea')
    const parked = park(contact, 'Bea', floor.state.at + 60_000)
    expect(
      floor.refusal(() =>
        floor.do({ type: 'parked_contact.update', ...of(floor, 'Bea'), sid: parked.sid, resume_at: 1 })
      )
    ).toContain('later than now')
    floor.pass('59 s')
    expect(contact.tasks).toHaveLength(1)
    floor.pass('1 s')
    expect(contact.statuses[1]).toBe('reserved')
    expect(whys(floor)).toEqual(['time'])
  })

  it('comes back to an agent who wants it, even one that is offered nothing else', () => {
    const { floor, contact } = floorWith('Bea')
    const { sid } = park(contact, 'Bea')
    floor.do({ type: 'parked_contact.update', ...of(floor, 'Bea'), sid, status: 'resumed' })
    expect(contact.reservation(1).worker_sid).toBe(floor.worker('Bea').sid)
    expect(
      floor.refusal(() => floor.do({ type: 'parked_contact.update', ...of(floor, 'Bea'), sid, status: 'resumed' }))
    ).toContain('ParkedContacts')
  })

  it('goes with its conversation', () => {
    const { floor, contact } = floorWith('Bea')
    park(contact, 'Bea')
    floor.do({ type: 'conversation.update', sid: contact.conversation.sid, state: 'closed' })
    expect(floor.state.tables.parked_contact.size).toBe(0)
    expect(whys(floor)).toEqual(['ended'])
  })

  it('stays where nothing is left to route it by, and the customer’s message is kept all the same', () => {
    const { floor, contact } = floorWith('Bea')
    park(contact, 'Bea')
    const { workspace_sid } = floor
    floor.do({ type: 'workflow.delete', workspace_sid, sid: floor.workflow('Anyone').sid })
    floor.do({ type: 'task_queue.delete', workspace_sid, sid: floor.queue('Everyone').sid })
    expect(write(contact).message.body).toBe('Hello?')
    expect(floor.events('ringdown.contact.not-resumed').map((event) => render(event).data.why)).toEqual([
      expect.stringContaining('are gone')
    ])
    expect(floor.state.tables.parked_contact.size).toBe(1)
  })

  it('is another agent’s who was invited meanwhile and joins it: nobody else is called when the customer writes', () => {
    const { floor, contact } = floorWith('Bea', 'Cy')
    park(contact, 'Bea')
    contact.invite({ queue_sid: floor.queue('Everyone').sid, worker_sid: floor.worker('Cy').sid })
    expect(floor.state.tables.parked_contact.size).toBe(1)
    contact.accept(1)
    expect(whys(floor)).toEqual(['joined'])
    write(contact)
    expect(contact.tasks).toHaveLength(2)
    park(contact, 'Cy')
    write(contact)
    expect(contact.reservation(2).worker_sid).toBe(floor.worker('Cy').sid)
    expect(whys(floor)).toEqual(['joined', 'customer'])
    expect(floor.state.tables.parked_contact.size).toBe(0)
  })

  it('is not one with another agent in it', () => {
    const { floor, contact } = floorWith('Bea', 'Cy')
    contact.invite({ queue_sid: floor.queue('Everyone').sid, worker_sid: floor.worker('Cy').sid })
    contact.accept(1)
    expect(floor.refusal(() => park(contact, 'Cy'))).toContain('has another agent')
  })
})
