import { describe, expect, it } from 'vitest'
import { FlexFloor } from '../testing/flex-floor.ts'

describe('ending a channel', () => {
  it.each<readonly [string, unknown, string]>([
    ['without a word', undefined, 'wrapping'],
    ['with wrapup', { status: 'wrapup' }, 'wrapping'],
    ['with closed', { status: 'closed' }, 'completed']
  ])('closes the conversation and ends the task: %s', (_, routing, status) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.invite({
      workflow_sid: floor.addWorkflow('Nobody', {
        filters: [],
        default_filter: { queue: floor.addQueue('None', { target_workers: '1==2' }).sid }
      }).sid
    })
    contact.end('closed', routing)
    expect(contact.statuses).toEqual([status, 'canceled'])
    expect(contact.conversation.state).toBe('closed')
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
    expect(contact.members.map((member) => member.type)).toEqual(['customer'])
    expect(contact.eventTypes().slice(-2)).toEqual(['participant.left', 'channel.status.updated'])
    const events = floor.events().length
    contact.end('closed')
    expect(floor.events()).toHaveLength(events)
    expect(contact.interaction.status).toBe(status === 'wrapping' ? 'open' : 'closed')
    if (status === 'wrapping') contact.respond(0, 'completed')
    expect(contact.interaction.status).toBe('closed')
    for (const row of [...contact.members, contact.channel]) expect(row.interaction_status).toBe('closed')
    expect(floor.refusal(() => contact.invite())).toContain('400/45354')
  })

  it('inactive completes the tasks and keeps the conversation for the customer', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    expect(floor.refusal(() => contact.end('inactive'))).toContain('400/20001')
    contact.end('inactive', { status: 'closed' })
    expect(contact.channel.status).toBe('inactive')
    expect(contact.statuses).toEqual(['completed'])
    expect(contact.conversation.state).toBe('active')
    expect(contact.roster).toEqual(['+37255500001'])
    contact.invite()
    expect(contact.channel.status).toBe('inactive')
    contact.accept(1)
    expect(contact.channel.status).toBe('active')
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
  })

  it.each<readonly [string, (floor: FlexFloor, sid: string) => void]>([
    ['closed', (floor, sid) => floor.do({ type: 'conversation.update', sid, state: 'closed' })],
    ['deleted', (floor, sid) => floor.do({ type: 'conversation.delete', sid })]
  ])('follows when its conversation is %s', (_, act) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    act(floor, contact.conversation.sid)
    expect(contact.channel.status).toBe('closed')
    expect(contact.statuses).toEqual(['wrapping'])
    expect(contact.eventTypes().at(-1)).toBe('channel.status.updated')
  })

  it('follows when the conversation closes by time', () => {
    const floor = new FlexFloor()
    floor.do({ type: 'conversation_configuration.update', default_closed_timer: 'PT10M' })
    const contact = floor.contact()
    floor.pass('10 min')
    expect(contact.channel.status).toBe('closed')
    expect(contact.interaction).toMatchObject({ status: 'closed', ended_task: { assignment_status: 'canceled' } })
  })
})

describe('the last agent', () => {
  it.each<readonly [string, string]>([
    ['wrapping', 'wrapping'],
    ['completed', 'completed']
  ])('closes the channel by %s through TaskRouter', (reservation_status, task_status) => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.respond(0, reservation_status)
    expect(contact.channel.status).toBe('closed')
    expect(contact.conversation.state).toBe('closed')
    expect(contact.statuses).toEqual([task_status])
  })

  it('leaves it open where the setting says so', () => {
    const floor = new FlexFloor({ close_on_last_wrapup: false })
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.respond(0, 'wrapping')
    expect(contact.members).toMatchObject([{ type: 'customer' }, { type: 'agent', status: 'wrapup' }])
    contact.respond(0, 'completed')
    expect(contact.members).toMatchObject([{ type: 'customer' }])
    expect(contact.roster).toEqual(['+37255500001'])
    expect(contact.channel.status).toBe('active')
  })

  it('parks the contact by leaving through the API, and another one takes it up', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.leave(0)
    expect(contact.statuses).toEqual(['completed'])
    expect(contact.channel.status).toBe('active')
    expect(contact.roster).toEqual(['+37255500001'])
    contact.invite()
    contact.accept(1)
    expect(contact.roster).toEqual(['+37255500001', 'Bea'])
  })

  it('may leave and wrap up first', () => {
    const floor = new FlexFloor()
    floor.agent('Bea')
    const contact = floor.contact()
    contact.accept()
    contact.leave(0, 'wrapup')
    expect(contact.statuses).toEqual(['wrapping'])
    expect(contact.eventTypes().at(-1)).toBe('participant.updated')
    contact.respond(0, 'completed')
    expect(contact.channel.status).toBe('active')
    expect(contact.members).toMatchObject([{ type: 'customer' }])
  })
})
