import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'
import { listOf, sid } from './wire.ts'

const list = 'taskrouter/v1/Workspaces/:ws/Events'

/** An agent on an account that only has what Twilio has. Time passes, since Twilio's events are asked for by the hour of day. */
const onTwilio = () => agent({ kind: 'twilio', server: { testClock: false } })

/** An event as Twilio lists it, which may be late. */
const event = (number: number, at: number) => ({
  sid: sid('EV', number),
  workspace_sid: sid('WS'),
  event_type: 'task.created',
  event_date: new Date(at).toISOString(),
  event_date_ms: at,
  description: `Event ${number}`,
  event_data: { task_sid: sid('WT', number), task_queue_name: 'Support' }
})

describe('waiting on a Twilio account', () => {
  it('asks TaskRouter again and again, and tells each event once, in order, late ones too', async () => {
    const { wire, call, defects } = await onTwilio()
    const now = Date.now()
    let listed = [event(2, now - 1_000), event(1, now - 2_000)]
    wire.on(`GET ${list}`, () => listOf('events', listed))
    const first = await call('wait_for_events', { since: 'PT1M', taskSid: sid('WT', 1) })
    expect(first.content.events).toMatchObject([
      { eventSid: sid('EV', 1) },
      { eventSid: sid('EV', 2), taskSid: sid('WT', 2) }
    ])
    const [request] = wire.sent.filter(({ path }) => path.endsWith('/Events'))
    expect(request?.query).toMatchObject({ TaskSid: sid('WT', 1) })
    expect(Date.parse(String(request?.query.StartDate))).toBeLessThanOrEqual(Date.now() - 60_000)
    listed = [event(4, now), event(2, now - 1_000), event(3, now - 1_500), event(1, now - 2_000)]
    const second = await call('wait_for_events', { cursor: first.content.cursor, waitSeconds: 0 })
    expect(second.content.events).toMatchObject([{ eventSid: sid('EV', 3) }, { eventSid: sid('EV', 4) }])
    const third = await call('wait_for_events', { cursor: second.content.cursor, waitSeconds: 0 })
    expect(third.content).toEqual({ events: [], cursor: expect.any(String) })
    expect(defects).toEqual([])
  })

  it('any way to cut it into calls gives the same events', async () => {
    const { center, call } = await onTwilio()
    for (let n = 0; n < 6; n++) await center.task()
    const all = (await center.workspace.events.list()).reverse().map((one) => one.sid)
    for (const maxEvents of [1, 2, 7, 100]) {
      const seen: string[] = []
      let more: Record<string, unknown> = { since: 'PT1H' }
      for (;;) {
        const { content } = await call('wait_for_events', { ...more, maxEvents, waitSeconds: 0 })
        seen.push(...content.events.map(({ eventSid }: { eventSid: string }) => eventSid))
        if (!content.hasMore) break
        more = { cursor: content.cursor }
      }
      expect(seen).toEqual(all)
    }
  })

  it('asks every two seconds until something comes', async () => {
    const { center, wire, call } = await onTwilio()
    let asks = 0
    wire.on(`GET ${list}`, async () => {
      if (++asks === 2) await center.offer()
      return undefined
    })
    const begun = performance.now()
    expect((await call('wait_for_events', { types: ['reservation.*'] })).content.events).toHaveLength(1)
    expect(performance.now() - begun).toBeGreaterThan(1_900)
    expect(asks).toBe(2)
  })

  it('reads the new messages of a conversation', async () => {
    const { center, call } = await onTwilio()
    const conversation = await center.conversation('order-1234')
    const { messages } = center.world.client.conversations.v1.conversations(conversation)
    const first = await call('wait_for_events', { conversationSid: 'order-1234', types: ['message.*'], waitSeconds: 0 })
    expect(first.content.events).toEqual([])
    for (const body of ['Allô', 'Allô ?']) await messages.create({ author: '+33600000001', body })
    const args = { conversationSid: 'order-1234', cursor: first.content.cursor }
    const second = await call('wait_for_events', { ...args, maxEvents: 1 })
    expect(second.content).toMatchObject({
      hasMore: true,
      events: [{ type: 'message.added', summary: '+33600000001 wrote: "Allô"' }]
    })
    const third = await call('wait_for_events', { ...args, cursor: second.content.cursor })
    expect(third.content).not.toHaveProperty('hasMore')
    expect(third.content).toMatchObject({ events: [{ summary: '+33600000001 wrote: "Allô ?"' }] })
  })

  it.each([
    [{ types: ['message.added'] }, 'types', 'message.added (with conversationSid)'],
    [{ types: ['interaction.*'] }, 'types', 'reservation.*'],
    [{ interactionSid: sid('KD') }, 'interactionSid', 'taskSid'],
    [{ conversationSid: sid('CH'), types: ['task.created'] }, 'types', 'message.added'],
    [{ conversationSid: sid('CH'), taskSid: sid('WT') }, 'taskSid', 'conversationSid']
  ])('says of %j what works instead', async (args, argument, working) => {
    const { call } = await onTwilio()
    const { error } = await call('wait_for_events', args)
    expect(error).toMatchObject({ code: 'unsupported_backend', argument, allowed: expect.arrayContaining([working]) })
  })

  it.each(['garbage', Buffer.from('["e"]').toString('base64url'), Buffer.from('["m",1,"CH2"]').toString('base64url')])(
    'takes no cursor of others: %s',
    async (cursor) => {
      const { call } = await onTwilio()
      const { error } = await call('wait_for_events', { cursor, waitSeconds: 0 })
      expect(error).toMatchObject({ code: 'bad_value', argument: 'cursor' })
    }
  )
})
