import { describe, expect, it } from 'vitest'
import { readsOf } from '../commands.ts'
import { receiveInbound } from '../conversations/inbound.ts'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import { attachMedia, copyMedia, createMedia } from './media.ts'
import type { MediaRow } from './rows.ts'

/** A day at a service with one open conversation. */
class Day extends World {
  readonly conversation = this.do({ type: 'conversation.create', friendly_name: 'Ada' }).conversation
  readonly service = this.conversation.chat_service_sid

  upload(params: { author?: string; chat_service_sid?: string; filename?: string } = {}): MediaRow {
    const file = { content_type: 'image/jpeg', size: 42_056, sha256: 'a'.repeat(64), filename: 'car.jpg' }
    return this.do({ type: 'media.create', chat_service_sid: this.service, ...file, ...params }).media
  }

  send(params: object) {
    return this.do({ type: 'message.create', conversation_sid: this.conversation.sid, ...params }).message
  }

  row(sid: string): MediaRow | undefined {
    return this.state.find('media', sid)
  }
}

describe('a file', () => {
  it('goes with the message that names it, whose body may be missing', () => {
    const day = new Day()
    const { sid } = day.upload()
    const message = day.send({ media_sid: sid, body: '' })
    expect(message).toMatchObject({
      body: null,
      media: [{ sid, size: 42_056, content_type: 'image/jpeg', filename: 'car.jpg' }]
    })
    expect(day.row(sid)).toMatchObject({
      status: 'attached',
      conversation_sid: day.conversation.sid,
      message_sid: message.sid,
      date_expires: null
    })
    const told = day.events().filter(({ type }) => type === 'message.added')
    expect(told.map((event) => render(event).data.media)).toEqual([JSON.stringify(message.media)])
    day.do({ type: 'message.delete', conversation_sid: day.conversation.sid, sid: message.sid })
    expect(day.row(sid)).toBeUndefined()
  })

  it('may come with words, and several at once', () => {
    const day = new Day()
    const [first, second] = [day.upload(), day.upload({ filename: 'road.jpg' })]
    const message = day.send({ media_sids: [first.sid, second.sid], body: 'See' })
    expect(message.body).toBe('See')
    expect(message.media?.map(({ filename }) => filename)).toEqual(['car.jpg', 'road.jpg'])
    expect(day.send({ body: 'Nothing' }).media).toBeNull()
  })

  it('is one of a hundred at most that somebody has not sent yet', () => {
    const day = new Day()
    const files = Array.from({ length: 100 }, () => day.upload({ author: 'ana' }))
    expect(day.refusal(() => day.upload({ author: 'ana' }))).toMatch(/^400\/20001 ana has uploaded 100 files/)
    // Others, and the account itself, have theirs.
    day.upload({ author: 'bea' })
    day.upload()
    day.send({ media_sid: files[0]?.sid, author: 'ana' })
    expect(day.upload({ author: 'ana' }).author).toBe('ana')
  })

  it('is gone with its conversation', () => {
    const day = new Day()
    const { sid } = day.upload()
    day.send({ media_sid: sid })
    day.do({ type: 'conversation.delete', sid: day.conversation.sid })
    expect(day.row(sid)).toBeUndefined()
  })

  it('waits a day for its message, sent or not until then', () => {
    const day = new Day()
    const [sent, left] = [day.upload(), day.upload()]
    day.pass('23 h')
    day.send({ media_sid: sent.sid })
    day.pass('59 min')
    expect(day.row(left.sid)).toBeDefined()
    day.pass('1 min')
    expect(day.row(left.sid)).toBeUndefined()
    expect(day.row(sent.sid)).toBeDefined()
    const gone = day.events().filter(({ type }) => type === 'ringdown.media.removed')
    expect(gone.map((event) => render(event).data)).toEqual([
      expect.objectContaining({ media_sid: left.sid, reason: 'expired', date_removed: day.at })
    ])
  })

  it('that nobody has sent is gone with its service', () => {
    const day = new Day()
    const { chat_service } = day.do({ type: 'chat_service.create', friendly_name: 'Other' })
    const { sid } = day.upload({ chat_service_sid: chat_service.sid })
    day.do({ type: 'chat_service.delete', sid: chat_service.sid })
    expect(day.row(sid)).toBeUndefined()
    expect(day.state.nextTimer).toBeUndefined()
  })

  it('is brought by another message as a copy, of the same bytes', () => {
    const day = new Day()
    const first = day.upload({ author: 'ada' })
    day.send({ media_sid: first.sid, author: 'ada' })
    const leg = `MM${'1'.repeat(32)}`
    const copy = day.state.rehearsed(day.at, () => {
      const made = copyMedia(day.state, day.state.get('media', first.sid))
      attachMedia(day.state, [made], { channel_message_sid: leg, chat_service_sid: null })
      return day.state.get('media', made.sid)
    })
    expect(copy).toMatchObject({
      sha256: first.sha256,
      channel_message_sid: leg,
      message_sid: null,
      status: 'attached'
    })
    expect(copy.sid).not.toBe(first.sid)
  })

  it('that a phone has sent is in the conversation as well', () => {
    const day = new Day()
    const [from, to] = ['+37255500001', '+3726000']
    const pair = { messaging_binding_address: from, messaging_binding_proxy_address: to }
    day.do({ type: 'participant.create', conversation_sid: day.conversation.sid, ...pair })
    const file = { content_type: 'image/jpeg', size: 1000, sha256: 'c'.repeat(64) }
    const { sid } = day.do({ type: 'media.create', ...file }).media
    day.state.rehearsed(day.at, () => {
      // As the room of messages does: what came in has the file, and the conversation a copy.
      const place = { channel_message_sid: `MM${'1'.repeat(32)}`, chat_service_sid: null }
      attachMedia(day.state, [day.state.get('media', sid)], place)
      const received = receiveInbound(day.state, { from, to, media: [sid] })
      const [shown] = received?.message.media ?? []
      expect(received?.message).toMatchObject({ author: from, media: [{ size: 1000, content_type: 'image/jpeg' }] })
      expect(shown?.sid).not.toBe(sid)
      expect(day.state.find('media', shown?.sid)).toMatchObject({
        chat_service_sid: day.service,
        message_sid: received?.message.sid,
        sha256: file.sha256
      })
      // Without a message of its own it is the conversation's.
      const alone = createMedia(day.state, file).media
      const second = receiveInbound(day.state, { from, to, body: 'See', media: [alone.sid] })
      expect(second?.message).toMatchObject({ body: 'See', media: [{ sid: alone.sid }] })
    })
  })

  it('is deleted before it is sent, and afterwards only with its message', () => {
    const day = new Day()
    const [sent, left] = [day.upload(), day.upload()]
    day.send({ media_sid: sent.sid })
    const remove = (sid: string) => day.do({ type: 'media.delete', sid, chat_service_sid: day.service })
    remove(left.sid)
    expect(day.refusal(() => remove(left.sid))).toMatch(/^404\/20404 .*\/Services\/IS\w+\/Media\/ME\w+ was not found/)
    expect(day.refusal(() => remove(sent.sid))).toMatch(/^400\/20001 .* is deleted with it/)
    expect(day.refusal(() => day.do({ type: 'media.delete', sid: sent.sid }))).toMatch(/^404/)
  })

  it('is read before it is attached where memory does not have it', () => {
    const day = new Day()
    const { sid } = day.upload()
    const reads = (media_sid: string) =>
      readsOf({ type: 'message.create', conversation_sid: day.conversation.sid, media_sid }, day.state)
    expect(reads(sid)).toEqual([])
    expect(reads(`ME${'0'.repeat(32)}`)).toEqual([{ kind: 'media', where: { sid: `ME${'0'.repeat(32)}` } }])
    expect(reads('no SID')).toEqual([])
  })
})

describe('a message is refused with a file', () => {
  const cannot = /^400\/20001 Value '.*' provided for MediaSid is no Media of this Service that can be attached$/
  const sdk = (client_identity: string) => ({ source: 'SDK', client_identity, author: client_identity })
  const cases: readonly (readonly [string, (day: Day) => object, RegExp | undefined])[] = [
    ['that is not there', () => ({ media_sid: `ME${'0'.repeat(32)}` }), cannot],
    ['that is no SID', () => ({ media_sid: 'car.jpg' }), cannot],
    [
      'that another message has',
      (day) => {
        const { sid } = day.upload()
        day.send({ media_sid: sid })
        return { media_sid: sid }
      },
      cannot
    ],
    [
      'of another service',
      (day) => {
        const { chat_service } = day.do({ type: 'chat_service.create', friendly_name: 'Other' })
        return { media_sid: day.upload({ chat_service_sid: chat_service.sid }).sid }
      },
      cannot
    ],
    ['of somebody else', (day) => ({ media_sid: day.upload({ author: 'bea' }).sid, ...sdk('ada') }), cannot],
    ['but for one’s own', (day) => ({ media_sid: day.upload({ author: 'ada' }).sid, ...sdk('ada') }), undefined],
    ['or the account’s', (day) => ({ media_sid: day.upload().sid, ...sdk('ada') }), undefined],
    [
      'twice',
      (day) => {
        const { sid } = day.upload()
        return { media_sids: [sid, sid] }
      },
      /^400\/20001 .*once/
    ],
    [
      'after ten others',
      (day) => ({ media_sids: Array.from({ length: 11 }, () => day.upload().sid) }),
      /^400\/20001 A Message has at most 10 media/
    ],
    ['and no words, when there is none', () => ({}), /^400\/20001 A Message needs a Body or a MediaSid/]
  ]
  it.each(cases)('%s', (_what, paramsOf, refusal) => {
    const day = new Day()
    const params = paramsOf(day)
    const { next_index } = day.state.get('conversation', day.conversation.sid)
    if (refusal) expect(day.refusal(() => day.send(params))).toMatch(refusal)
    else expect(day.send(params).media).toHaveLength(1)
    expect(day.state.get('conversation', day.conversation.sid).next_index).toBe(next_index + (refusal ? 0 : 1))
  })

  it.each([
    ['404/20404', { chat_service_sid: `IS${'0'.repeat(32)}` }],
    ['400/20001', { size: 0 }],
    ['400/20001', { size: 150 * 1024 * 1024 + 1 }],
    ['400/20001', { content_type: 'x'.repeat(257) }]
  ])('or the file itself is: %s %j', (refusal, params) => {
    const day = new Day()
    const file = { content_type: 'text/plain', size: 1, sha256: 'b'.repeat(64) }
    const create = () => day.do({ type: 'media.create', chat_service_sid: day.service, ...file, ...params })
    expect(day.refusal(create)).toContain(refusal)
  })
})
