import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import type { CreateInteractionWebhook } from './interaction-webhook.ts'

const hook = { webhook_url: 'https://x.example/hook', webhook_events: ['onInteractionCreated'] } as const

/** A floor with a Flex instance. */
class WorkspaceIndex extends World {
  readonly instance_sid: string

  constructor(seed = 1) {
    super({ seed })
    this.addQueue('Everyone')
    this.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    this.instance_sid = this.do({
      type: 'flex.setup',
      workspace_sid: this.workspace_sid
    }).flex_configuration.flex_instance_sid
  }

  hook(params: Partial<CreateInteractionWebhook> = {}) {
    const { instance_sid } = this
    return this.do({ type: 'interaction_webhook.create', instance_sid, ...hook, ...params }).interaction_webhook
  }

  /** A call comes in. */
  contact(webhook_ttid?: string) {
    const routing = { workspace_sid: this.workspace_sid, workflow_sid: this.workflow('Anyone').sid }
    return this.do({
      type: 'interaction.create',
      channel: { type: 'voice', initiated_by: 'customer' },
      routing: { properties: routing },
      ...(webhook_ttid !== undefined && { webhook_ttid })
    }).interaction
  }
}

describe('an interaction webhook', () => {
  it('is for all interactions and by POST unless said otherwise, and has a ttid', () => {
    const floor = new WorkspaceIndex()
    const { sid, ...row } = floor.hook()
    expect(sid).toMatch(/^flex_interactionwebhook_[0-9a-hjkmnp-tv-z]{26}$/)
    expect(row).toMatchObject({
      type: 'global',
      friendly_name: null,
      webhook_method: 'POST',
      instance_sid: floor.instance_sid,
      account_sid: floor.state.account_sid,
      ...hook
    })
  })

  it('has a ttid that follows from the seed, and sorts by the time at which it was made', () => {
    const [one, same, other] = [new WorkspaceIndex(1), new WorkspaceIndex(1), new WorkspaceIndex(2)].map(
      (floor) => floor.hook().sid
    )
    expect(same).toBe(one)
    expect(other).not.toBe(one)
    const floor = new WorkspaceIndex()
    const sids = ['1 ms', '1 d', '1 s'].map((span) => {
      floor.pass(span)
      return floor.hook().sid
    })
    expect(new Set(sids).size).toBe(3)
    expect([...sids].sort()).toEqual(sids)
  })

  it('is changed in what is named', () => {
    const floor = new WorkspaceIndex()
    const { sid: ttid } = floor.hook({ friendly_name: 'Mine' })
    const update = (changes: object) =>
      floor.do({ type: 'interaction_webhook.update', instance_sid: floor.instance_sid, ttid, ...changes })
        .interaction_webhook
    const webhook_events = ['onParticipantLeft', 'onChannelCreated', 'onParticipantLeft']
    expect(update({ webhook_events, webhook_type: 'interaction' })).toMatchObject({
      type: 'interaction',
      webhook_events: ['onParticipantLeft', 'onChannelCreated'],
      webhook_url: hook.webhook_url,
      friendly_name: 'Mine'
    })
    expect(update({ friendly_name: '', webhook_method: 'GET' })).toMatchObject({
      friendly_name: null,
      webhook_method: 'GET',
      type: 'interaction'
    })
  })

  it.each([
    ["400/20001 Value 'onParticipantAdded' provided for WebhookEvents", { webhook_events: ['onParticipantAdded'] }],
    ['400/20001 WebhookEvents must name', { webhook_events: [] }],
    ["400/20001 Value 'ftp://x' provided for WebhookUrl", { webhook_url: 'ftp://x' }],
    ['400/20001 WebhookUrl must not be empty', { webhook_url: '' }],
    ['400/20001', { webhook_type: 'local' }],
    ['400/20001', { webhook_method: 'PUT' }],
    ['400/20001', { friendly_name: 'x'.repeat(257) }],
    ['404/20404', { instance_sid: `GO${'0'.repeat(32)}` }]
  ])('is refused with %s: %j', (refused, params) => {
    const floor = new WorkspaceIndex()
    expect(floor.refusal(() => floor.hook(params))).toContain(refused)
    const { sid: ttid } = floor.hook()
    const update = { type: 'interaction_webhook.update', instance_sid: floor.instance_sid, ttid, ...params } as const
    expect(floor.refusal(() => floor.do(update))).toContain(refused)
  })

  it('is unknown after it was deleted', () => {
    const floor = new WorkspaceIndex()
    const { instance_sid } = floor
    const { sid: ttid } = floor.hook()
    floor.do({ type: 'interaction_webhook.delete', instance_sid, ttid })
    const again = () => floor.do({ type: 'interaction_webhook.delete', instance_sid, ttid })
    expect(floor.refusal(again)).toContain(`404/20404 The requested resource /Instances/${instance_sid}`)
    expect(floor.refusal(() => floor.contact(ttid))).toContain('400/20001')
  })
})

describe('an interaction that names a webhook', () => {
  it('says so in each of its events', () => {
    const floor = new WorkspaceIndex()
    const { sid: ttid } = floor.hook({ webhook_type: 'interaction' })
    const { webhook_ttid } = floor.contact(ttid)
    expect(webhook_ttid).toBe(ttid)
    const rendered = floor.events().flatMap((event) => (event.type.startsWith('interaction.') ? [render(event)] : []))
    expect(rendered.map(({ type, data }) => [type, data.webhook_ttid, data.instance_sid])).toEqual([
      ['interaction.created', ttid, floor.instance_sid],
      ['interaction.channel.created', ttid, floor.instance_sid],
      ['interaction.participant.joined', ttid, floor.instance_sid]
    ])
  })

  it('may begin and cease to do so later, with a webhook that there is', () => {
    const floor = new WorkspaceIndex()
    const { sid: ttid } = floor.hook({ webhook_type: 'interaction' })
    const { sid } = floor.contact()
    const name = (webhook_ttid: string) =>
      floor.do({ type: 'interaction.update', sid, webhook_ttid }).interaction.webhook_ttid
    expect(name(ttid)).toBe(ttid)
    expect(name('')).toBeNull()
    const unknown = `flex_interactionwebhook_${'0'.repeat(26)}`
    expect(floor.refusal(() => name(unknown))).toBe(
      `400/20001 Value '${unknown}' provided for WebhookTtid does not exist`
    )
    expect(floor.refusal(() => floor.contact(unknown))).toContain('400/20001')
  })

  it('may begin to do so with one more agent', () => {
    const floor = new WorkspaceIndex()
    const { sid: webhook_ttid } = floor.hook({ webhook_type: 'interaction' })
    const { sid, channel_sid } = floor.contact()
    const again = (webhook_ttid: string) =>
      floor.do({
        type: 'interaction.create',
        channel: { type: 'voice', initiated_by: 'api', sid: channel_sid },
        webhook_ttid
      }).interaction
    expect(floor.refusal(() => again(`flex_interactionwebhook_${'0'.repeat(26)}`))).toContain('400/20001')
    expect(again(webhook_ttid)).toMatchObject({ sid, webhook_ttid })
  })
})
