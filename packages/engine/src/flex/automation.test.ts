import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import { World } from '../testing/world.ts'

/** Nora's page is closed, and what her configuration promises happens all the same. */

const chat = {
  channel: 'chat',
  auto_accept: true,
  auto_wrapup: true,
  wrapup_time: 30_000,
  allow_extended_wrapup: true,
  extended_wrapup_time: 60_000,
  default_outcome: 'Automatically completed'
}

class Floor extends World {
  constructor(configuration: readonly object[] = [chat], dispositions?: object) {
    super()
    this.addQueue('Everyone')
    this.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    this.do({ type: 'flex.setup', workspace_sid: this.workspace_sid })
    this.configure(configuration, dispositions)
    this.addWorker('Nora', { capacity: { chat: 5, voice: 5, sms: 5 }, attributes: { team: 'blue', skills: ['vip'] } })
  }

  configure(configuration: readonly object[], dispositions?: object): void {
    const features = { agent_automation: { enabled: true, configuration }, ...(dispositions && { dispositions }) }
    const ui_attributes = { custom_data: { features } }
    const { account_sid } = this.state
    this.do({ type: 'flex_configuration.update', account_sid, ui_attributes })
  }

  chat(name: string, attributes: object = {}, task_channel = 'chat') {
    this.addTask(name, { attributes, task_channel })
    return this
  }

  status(name: string): string {
    const [reservation] = this.state.tables.reservation.by('task_sid', this.sid(name))
    return `${this.task(name).assignment_status}/${reservation?.reservation_status}`
  }

  wrapUp(name: string): void {
    const [reservation] = [...this.state.tables.reservation.by('task_sid', this.sid(name))]
    this.do({
      type: 'reservation.update',
      workspace_sid: this.workspace_sid,
      task_sid: this.sid(name),
      sid: reservation?.sid ?? '',
      reservation_status: 'wrapping'
    })
  }

  extend(name: string, extended: boolean) {
    const [reservation] = this.state.tables.reservation.by('task_sid', this.sid(name))
    const { workspace_sid } = this
    return this.do({ type: 'wrap_up.update', workspace_sid, reservation_sid: reservation?.sid ?? '', extended }).wrap_up
  }
}

describe('an offer that is accepted for its worker', () => {
  it('is accepted at once, in a decision of its own', () => {
    const floor = new Floor().chat('hello')
    expect(floor.status('hello')).toBe('assigned/accepted')
    expect(floor.state.tables.auto_accept.size).toBe(0)
  })

  it('is so on its channel only, and a call never', () => {
    const floor = new Floor([chat, { ...chat, channel: 'voice' }]).chat('text', {}, 'sms').chat('call', {}, 'voice')
    expect(floor.status('text')).toBe('reserved/pending')
    expect(floor.status('call')).toBe('reserved/pending')
  })

  const gold = { ...chat, required_attributes: [{ key: 'customer.tier', value: 'gold' }] }
  for (const [what, set, attributes, isAccepted] of [
    ['attributes that match', gold, { customer: { tier: 'gold' } }, true],
    ['other attributes', gold, { customer: { tier: 'tin' } }, false],
    ['no attributes', gold, {}, false],
    ['a number that is spelled so', { ...chat, required_attributes: [{ key: 'n', value: '7' }] }, { n: 7 }, true],
    ['a worker who matches', { ...chat, required_worker_attributes: [{ key: 'skills', value: 'vip' }] }, {}, true],
    ['a worker who does not', { ...chat, required_worker_attributes: [{ key: 'team', value: 'red' }] }, {}, false],
    ['a set that only wraps up', { ...chat, auto_accept: false }, {}, false],
    ['nonsense', { channel: 7, auto_accept: 'yes' }, {}, false]
  ] as const)
    it(`follows the set of the configuration: ${what}`, () => {
      const floor = new Floor([set]).chat('hello', attributes)
      expect(floor.status('hello')).toBe(isAccepted ? 'assigned/accepted' : 'reserved/pending')
    })

  it('stays an offer where its worker cannot join the conversation, and says why', () => {
    const floor = new Floor([{ ...chat, channel: 'sms' }])
    floor.move('Nora', 'Offline')
    const conversation_sid = floor.do({ type: 'conversation.create' }).conversation.sid
    const add = (binding: object) => floor.do({ type: 'participant.create', conversation_sid, ...binding }).participant
    const ours = add({ messaging_binding_projected_address: '+15005550006' })
    add({ messaging_binding_address: '+15550000001' })
    const { workspace_sid } = floor
    floor.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation_sid } },
      routing: { properties: { workspace_sid, task_channel_unique_name: 'sms' } }
    })
    floor.do({ type: 'participant.delete', conversation_sid, sid: ours.sid })
    floor.move('Nora', 'Available')
    const [reservation] = floor.state.tables.reservation.all()
    expect(reservation?.reservation_status).toBe('pending')
    expect(floor.events('ringdown.reservation.auto-accepted')).toEqual([])
    const warned = floor.events('ringdown.warning').map(({ refs }) => refs.extra)
    expect(warned).toEqual([
      {
        warning: 'auto_accept',
        message: expect.stringMatching(
          /^The offer is not accepted for its worker: .* needs a MessagingBinding.Projected/
        )
      }
    ])
  })

  it('follows the first set that fits, and what is configured now', () => {
    const floor = new Floor([{ ...chat, auto_accept: false }, chat]).chat('first')
    expect(floor.status('first')).toBe('reserved/pending')
    floor.configure([chat])
    expect(floor.chat('second').status('second')).toBe('assigned/accepted')
  })
})

describe('a wrap-up', () => {
  it('ends at its deadline with the default outcome', () => {
    const floor = new Floor().chat('hello')
    floor.wrapUp('hello')
    floor.pass('29 s')
    expect(floor.status('hello')).toBe('wrapping/wrapping')
    floor.pass('1 s')
    expect(floor.status('hello')).toBe('completed/completed')
    expect(JSON.parse(floor.task('hello').attributes)).toEqual({
      conversations: { outcome: 'Automatically completed' }
    })
    expect(floor.state.tables.wrap_up.size).toBe(0)
  })

  it('keeps the outcome that the worker has chosen, and every digit beside it', () => {
    const floor = new Floor()
    const attributes = '{"id":12345678901234567890,"conversations":{"outcome":"sold"}}'
    floor.do({ type: 'task.create', workspace_sid: floor.workspace_sid, attributes, task_channel: 'chat' })
    const [task] = floor.state.tables.task.all()
    const [reservation] = floor.state.tables.reservation.all()
    floor.do({
      type: 'reservation.update',
      workspace_sid: floor.workspace_sid,
      task_sid: task?.sid ?? '',
      sid: reservation?.sid ?? '',
      reservation_status: 'wrapping'
    })
    floor.pass('30 s')
    expect(floor.state.get('task', task?.sid ?? '')).toMatchObject({ assignment_status: 'completed', attributes })
  })

  it('is longer by request, and as long as before when that is taken back', () => {
    const floor = new Floor().chat('hello')
    floor.wrapUp('hello')
    const began = floor.at
    floor.pass('10 s')
    expect(floor.extend('hello', true)).toMatchObject({ extended: true, ends_at: began + 90_000 })
    floor.pass('40 s')
    expect(floor.status('hello')).toBe('wrapping/wrapping')
    // Its time is over already.
    floor.extend('hello', false)
    expect(floor.status('hello')).toBe('completed/completed')
  })

  it('has no end when the extension has none, and none to extend where the set does not allow it', () => {
    const endless = new Floor([{ ...chat, extended_wrapup_time: 0 }]).chat('hello')
    endless.wrapUp('hello')
    expect(endless.extend('hello', true).ends_at).toBeNull()
    endless.pass('1 d')
    const strict = new Floor([{ ...chat, allow_extended_wrapup: false }]).chat('hello')
    strict.wrapUp('hello')
    expect(strict.refusal(() => strict.extend('hello', true))).toMatch(/^400\/20001 The wrap-up of WR/)
    strict.pass('30 s')
    expect(strict.refusal(() => strict.extend('hello', true))).toMatch(/^404\/20404 .*\/WrapUp was not found/)
  })

  it('waits for an outcome where one is required, by all or by the queue', () => {
    for (const dispositions of [
      { enabled: true, global: { require_disposition: true } },
      { enabled: true, per_queue: { Everyone: { require_disposition: true } } }
    ]) {
      const floor = new Floor([chat], dispositions).chat('hello')
      floor.wrapUp('hello')
      floor.pass('5 min')
      expect(floor.status('hello')).toBe('wrapping/wrapping')
      expect(floor.state.tables.wrap_up.all()).toMatchObject([{ ends_at: null }])
    }
  })

  it('is over with its deadline when the worker, or the task, ends it before', () => {
    const floor = new Floor().chat('one').chat('two')
    floor.wrapUp('one')
    floor.wrapUp('two')
    const { workspace_sid } = floor
    floor.do({ type: 'task.update', workspace_sid, sid: floor.sid('one'), assignment_status: 'completed' })
    floor.do({ type: 'task.delete', workspace_sid, sid: floor.sid('two') })
    expect(floor.state.tables.wrap_up.size).toBe(0)
  })

  it('goes on after a restart', () => {
    const floor = new Floor().chat('hello')
    floor.wrapUp('hello')
    expect(snapshot(reloaded(floor.state))).toEqual(snapshot(floor.state))
  })
})
