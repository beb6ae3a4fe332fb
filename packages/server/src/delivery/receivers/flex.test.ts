import { type EngineEvent, render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import { interactionWebhooks } from './flex.ts'

const all = [
  ...['onInteractionCreated', 'onChannelCreated', 'onChannelCreateFailed', 'onChannelStatusUpdated'],
  ...['onParticipantJoined', 'onParticipantUpdated', 'onParticipantLeft']
]

class Floor extends World {
  readonly instance_sid: string

  constructor() {
    super()
    this.addQueue('Everyone')
    this.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    const { flex_configuration } = this.do({ type: 'flex.setup', workspace_sid: this.workspace_sid })
    this.instance_sid = flex_configuration.flex_instance_sid
  }

  hook(params: object = {}): string {
    const { instance_sid } = this
    const fixed = { webhook_url: 'https://a.example/hook', webhook_events: all }
    return this.do({ type: 'interaction_webhook.create', instance_sid, ...fixed, ...params }).interaction_webhook.sid
  }

  sms(params: object = {}, participants: readonly object[] = [{ address: '+15550001', proxy_address: '+16660000' }]) {
    const properties = { workspace_sid: this.workspace_sid, workflow_sid: this.workflow('Anyone').sid }
    const channel = { type: 'sms', initiated_by: 'api', participants }
    return this.do({ type: 'interaction.create', channel, routing: { properties }, ...params })
  }

  /** What is sent for everything so far, by event. */
  async sent(keep: (event: EngineEvent) => boolean = () => true) {
    const context = { account_sid: this.state.account_sid, state: this.state, find: () => Promise.resolve([]) }
    const events = this.events().filter((event) => interactionWebhooks.wants(event.type) && keep(event))
    const drafts = await Promise.all(events.map((event) => interactionWebhooks.draftsOf(render(event), context)))
    return drafts.flat().map(({ receiver_sid, message }) => {
      if (!('parameters' in message)) throw new Error('it has parameters')
      return { receiver_sid, method: message.method, form: Object.fromEntries(message.parameters) }
    })
  }
}

describe('interaction webhooks', () => {
  it('are told of a contact from its beginning to its end (reference flex 9.2)', async () => {
    const floor = new Floor()
    const ttid = floor.hook()
    const { interaction, interaction_channel: channel, task } = floor.sms()
    floor.addWorker('Ada', { capacity: { sms: 1 } })
    const [reservation] = floor.state.tables.reservation.all()
    const { workspace_sid } = floor
    const path = { workspace_sid, sid: reservation?.sid ?? '', task_sid: task?.sid ?? '' }
    floor.do({ type: 'reservation.update', ...path, reservation_status: 'accepted' })
    floor.do({ type: 'reservation.update', ...path, reservation_status: 'wrapping' })
    const sent = await floor.sent()
    expect(sent.every((one) => one.receiver_sid === ttid && one.method === 'POST')).toBe(true)
    expect(sent.map(({ form }) => form.EventType)).toEqual([
      'onInteractionCreated',
      'onChannelCreated',
      'onParticipantJoined',
      'onParticipantJoined',
      'onParticipantUpdated',
      'onParticipantLeft',
      'onChannelStatusUpdated'
    ])
    const media = { MediaChannelSid: channel.media_channel_sid, MediaChannelType: 'sms', ChannelType: 'sms' }
    const common = {
      ...{ AccountSid: floor.state.account_sid, InstanceSid: floor.instance_sid, InteractionSid: interaction.sid },
      ...{ ...media, Timestamp: String(floor.at / 1000), Sid: expect.stringMatching(/^EV/) }
    }
    const [created, opened, , agent, , , closed] = sent.map(({ form }) => form)
    expect(created).toEqual({ EventType: 'onInteractionCreated', ...common })
    expect(opened).toEqual({ EventType: 'onChannelCreated', ...common, ChannelSid: channel.sid })
    expect(agent).toEqual({
      ...{ EventType: 'onParticipantJoined', ...common, ChannelSid: channel.sid, ParticipantType: 'agent' },
      ...{ ParticipantSid: expect.stringMatching(/^UT/), TaskSid: task?.sid }
    })
    const ended = { EventType: 'onChannelStatusUpdated', ...common, ChannelSid: channel.sid, ChannelStatus: 'closed' }
    expect(closed).toEqual(ended)
  })

  it('are told of a channel that could not be made', async () => {
    const floor = new Floor()
    floor.hook({ webhook_events: ['onChannelCreateFailed'] })
    floor.sms({}, [])
    const [failed, ...others] = await floor.sent()
    expect(others).toEqual([])
    expect(failed?.form).toMatchObject({
      EventType: 'onChannelCreateFailed',
      ErrorCode: '45355',
      ErrorMessage: expect.stringContaining('no participants')
    })
  })

  it('of type interaction are told of those that name them, global ones of all', async () => {
    const floor = new Floor()
    const events = { webhook_events: ['onInteractionCreated'] }
    const named = floor.hook({ ...events, webhook_type: 'interaction', webhook_method: 'GET' })
    const other = floor.hook({ ...events, webhook_type: 'interaction' })
    const global = floor.hook(events)
    floor.sms({}, [{ address: '+15550001', proxy_address: '+16660000' }])
    const { interaction } = floor.sms({ webhook_ttid: named }, [{ address: '+15550002', proxy_address: '+16660000' }])
    const sent = await floor.sent()
    const told = sent.map(({ receiver_sid, method, form }) => [
      receiver_sid,
      method,
      form.InteractionSid === interaction.sid
    ])
    expect(told).toEqual([
      [global, 'POST', false],
      [named, 'GET', true],
      [global, 'POST', true]
    ])
    expect(told.flat()).not.toContain(other)
  })

  it('cost nothing while there are none', () => {
    const floor = new Floor()
    expect(interactionWebhooks.isUsed(floor.state)).toBe(false)
    floor.hook()
    expect(interactionWebhooks.isUsed(floor.state)).toBe(true)
    expect(interactionWebhooks.wants('task.created')).toBe(false)
  })
})
