import { expect, it } from 'vitest'
import { World } from '../testing/world.ts'

const [ana, ours] = ['+33612345678', '+14155550100']

function asked() {
  const world = new World()
  world.do({ type: 'phone.create', address: ana })
  const { channel_message } = world.do({
    type: 'channel_message.receive',
    carrier_sid: `XC${'0'.repeat(32)}`,
    provider_sid: '1',
    from: ana,
    to: ours,
    body: 'Hi'
  })
  const answer = (hop: number, more: object = {}) =>
    world.do({
      type: 'message_webhook.answer',
      message_sid: channel_message.sid,
      hop,
      replies: [{ to: ana, from: ours, body: `Answer ${hop}` }],
      redirect: null,
      problems: [],
      ...more
    })
  const sent = () =>
    world.state.tables.channel_message.all().flatMap(({ direction, body }) => (direction === 'inbound' ? [] : body))
  const told = (type: string) => world.events().filter((event) => event.type === type)
  return { world, sid: channel_message.sid, answer, sent, told }
}

it('the answer of one address is obeyed once, however often it comes', () => {
  const { answer, sent, told } = asked()
  const redirect = { url: 'https://a.example/next', method: 'POST' } as const
  answer(0, { redirect })
  answer(0, { redirect })
  expect(sent()).toEqual(['Answer 0'])
  expect(told('ringdown.message-webhook.redirected')).toHaveLength(1)
  answer(1)
  answer(0)
  answer(1)
  expect(sent()).toEqual(['Answer 0', 'Answer 1'])
})

it('a reply that cannot be sent is told of, and the others are sent', () => {
  const { world, answer, sent, told } = asked()
  const replies = ['', 'One', 'x'.repeat(1_601), 'Two'].map((body) => ({ to: ana, from: ours, body }))
  answer(0, { replies })
  expect(sent()).toEqual(['One', 'Two'])
  expect(told('ringdown.message-webhook.failed').map(({ refs }) => refs.extra?.code)).toEqual([21_619, 21_617])
  expect(world.state.events).toEqual([])
})

it('who was erased meanwhile gets no answer', () => {
  const { world, sid, answer, sent } = asked()
  world.do({ type: 'channel_message.delete', sid })
  answer(0)
  expect(sent()).toEqual([])
})

it('ten addresses are asked at most', () => {
  const { answer, told } = asked()
  const redirect = { url: 'https://a.example/round', method: 'POST' } as const
  for (let hop = 0; hop < 10; hop++) answer(hop, { replies: [], redirect })
  expect(told('ringdown.message-webhook.redirected')).toHaveLength(9)
  expect(told('ringdown.message-webhook.failed')).toMatchObject([{ refs: { extra: { code: 11_215 } } }])
})
