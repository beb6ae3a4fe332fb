import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { type ContentChannel, renderContent } from './rendering.ts'

const order = { 'twilio/text': { body: 'Hi {{1}}, order {{ number }} is on its way.' } }

function rendered(
  types: object,
  given?: object,
  { channel = 'sms', defaults = {} }: { channel?: ContentChannel; defaults?: object } = {}
) {
  const content = { sid: 'HX', types: JSON.stringify(types), variables: JSON.stringify(defaults) }
  return renderContent(content, given && JSON.stringify(given), channel)
}

const choices = {
  'twilio/quick-reply': {
    body: 'Was that {{1}}?',
    actions: [{ title: 'Yes', id: 'yes' }, { title: 'No' }]
  }
}
const list = {
  'twilio/list-picker': {
    body: 'Which one?',
    button: 'Choose',
    items: [
      { item: 'Red', id: 'r', description: 'like roses' },
      { item: 'Blue', id: 'b' }
    ]
  }
}
const links = {
  'twilio/call-to-action': {
    body: 'See',
    actions: [
      { type: 'URL', title: 'Track', url: 'https://a.example/{{1}}' },
      { type: 'PHONE_NUMBER', title: 'Call', phone: '+15550100' }
    ]
  }
}

describe('a template', () => {
  it('says what its variables make of it', () => {
    expect(rendered(order, { 1: 'Ana', number: 7 }).body).toBe('Hi Ana, order 7 is on its way.')
    expect(rendered(order, { 1: "I'm {{1}}" }, { defaults: { number: '8' } }).body).toBe(
      "Hi I'm {{1}}, order 8 is on its way."
    )
  })

  it('has its buttons where a channel shows some, and in lines where it does not', () => {
    const tapped = [
      { title: 'Yes', payload: 'yes' },
      { title: 'No', payload: 'No' }
    ]
    expect(rendered(choices, { 1: 'good' }, { channel: 'whatsapp' })).toEqual({
      content_type: 'twilio/quick-reply',
      body: 'Was that good?',
      media: [],
      quick_replies: tapped
    })
    expect(rendered(choices, { 1: 'good' })).toMatchObject({ body: 'Was that good?\n- Yes\n- No', quick_replies: [] })
    expect(rendered(list).body).toBe('Which one?\n- Red: like roses\n- Blue')
    expect(rendered(list, {}, { channel: 'chat' })).toMatchObject({
      body: 'Which one?',
      quick_replies: [
        { title: 'Red', payload: 'r' },
        { title: 'Blue', payload: 'b' }
      ]
    })
    // What leads elsewhere is said on every channel.
    for (const channel of ['sms', 'messenger'] as const)
      expect(rendered(links, { 1: '9' }, { channel }).body).toBe('See\nTrack: https://a.example/9\nCall: +15550100')
  })

  it.each([
    ['sms', { ...choices, ...order }, 'twilio/text'],
    ['whatsapp', { ...order, ...choices }, 'twilio/quick-reply'],
    ['messenger', { 'whatsapp/card': { body: 'a' }, ...order }, 'twilio/text'],
    ['whatsapp', { 'whatsapp/card': { body: 'a' }, ...order }, 'whatsapp/card'],
    ['sms', { 'twilio/media': { body: 'a', media: ['https://a.example/1.png'] } }, 'twilio/media']
  ] as const)('with several types is on %s the one of that channel', (channel, types, content_type) => {
    expect(rendered(types, { 1: '', number: '' }, { channel }).content_type).toBe(content_type)
  })

  it('brings pictures, places and cards', () => {
    expect(
      rendered({ 'twilio/media': { body: 'Look', media: ['https://a.example/{{1}}.png'] } }, { 1: 'cat' })
    ).toMatchObject({
      body: 'Look',
      media: ['https://a.example/cat.png']
    })
    expect(
      rendered({ 'twilio/location': { latitude: 48.1, longitude: '{{1}}', label: 'Shop' } }, { 1: '11.5' }).body
    ).toBe('Shop\n48.1,11.5')
    const cards = [
      { title: 'One', body: 'First', media: 'https://a.example/1.png', actions: [{ title: 'Buy', id: '1' }] }
    ]
    expect(rendered({ 'twilio/carousel': { body: 'See', cards } })).toMatchObject({
      body: 'See\nOne\nFirst\n- Buy',
      media: ['https://a.example/1.png']
    })
  })

  it('for a code is worded as WhatsApp does', () => {
    const types = { 'whatsapp/authentication': { actions: [{ type: 'COPY_CODE', copy_code_text: 'Copy' }] } }
    expect(rendered(types, { 1: '4711' }, { channel: 'whatsapp' }).body).toBe('4711 is your verification code.')
  })

  it.each([
    ['400/63028 Content HX needs the variable number', order, { 1: 'Ana' }],
    ['400/21656 ContentVariables', order, ['Ana']],
    ['400/21656 ContentVariables: 1', order, { 1: { a: 1 } }],
    ['400/21617 The body', order, { 1: 'x'.repeat(1_600), number: '1' }]
  ])('is refused with %s', (refusal, types, given) => {
    expect(new World().refusal(() => rendered(types, given))).toContain(refusal)
  })
})

describe('templates', () => {
  const types = JSON.stringify(order)

  it('are kept as they were written, changed, approved and removed', () => {
    const world = new World()
    const spelled = '{ "twilio/text": {"body": "caf\\u00e9 1.0"} }'
    const { content } = world.do({ type: 'content.create', language: 'en', friendly_name: 'Order', types: spelled })
    expect(content).toMatchObject({
      friendly_name: 'Order',
      language: 'en',
      variables: '{}',
      types: spelled,
      approval: null
    })
    const { sid: content_sid } = content
    const approve = (name: string) =>
      world.do({ type: 'content.approve', content_sid, name, category: 'utility' }).content
    expect(approve('order_1').approval).toMatchObject({ name: 'order_1', category: 'UTILITY', status: 'approved' })
    expect(world.refusal(() => approve('order_2'))).toContain('409/20409')
    const renamed = world.do({ type: 'content.update', sid: content_sid, friendly_name: 'Orders' })
    expect(renamed.content.approval).not.toBeNull()
    const changed = world.do({ type: 'content.update', sid: content_sid, types })
    expect(changed.content).toMatchObject({ friendly_name: 'Orders', types, approval: null })
    world.do({ type: 'content.delete', sid: content_sid })
    expect(world.state.tables.content.size).toBe(0)
  })

  it.each([
    ['language is required', { types }],
    ['types is required', { language: 'en' }],
    ["Value 'English language' provided for language", { language: 'English language', types }],
    ['types must be a JSON object', { language: 'en', types: '{}' }],
    ["types has 'twilio/smoke'", { language: 'en', types: '{"twilio/smoke":{}}' }],
    ['twilio/text needs a body', { language: 'en', types: '{"twilio/text":{}}' }],
    ['twilio/text body must be a text', { language: 'en', types: '{"twilio/text":{"body":1}}' }],
    ['twilio/text must be a JSON object', { language: 'en', types: '{"twilio/text":"a"}' }],
    [
      'twilio/list-picker items[0] needs a id',
      { language: 'en', types: '{"twilio/list-picker":{"body":"a","button":"b","items":[{"item":"c"}]}}' }
    ],
    [
      'twilio/media media has at most 10',
      { language: 'en', types: JSON.stringify({ 'twilio/media': { media: Array(11).fill('https://a.example') } }) }
    ],
    ['variables must be a JSON object', { language: 'en', types, variables: '[]' }],
    ['friendly_name must be a text', { language: 'en', types, friendly_name: 1 }]
  ])('are refused where %s', (refusal, params) => {
    const world = new World()
    expect(world.refusal(() => world.do({ type: 'content.create', ...params }))).toContain(`400/20001 ${refusal}`)
  })

  it.each([
    ['name', { name: 'Order 1', category: 'UTILITY' }],
    ['category', { name: 'order', category: 'FUN' }],
    ['category', { name: 'order' }],
    ['allow_category_change', { name: 'order', category: 'UTILITY', allow_category_change: 'yes' }]
  ])('are not approved without a proper %s', (name, params) => {
    const world = new World()
    const { sid: content_sid } = world.do({ type: 'content.create', language: 'en', types }).content
    expect(world.refusal(() => world.do({ type: 'content.approve', content_sid, ...params }))).toContain(name)
  })
})

describe('a message in a conversation that is made of a template', () => {
  function floor() {
    const world = new World()
    const { conversation } = world.do({ type: 'conversation.create' })
    const types = JSON.stringify({ ...choices, 'twilio/media': { media: ['https://a.example/1.png'] } })
    const { content } = world.do({ type: 'content.create', language: 'en', types })
    const write = (params: object) =>
      world.do({ type: 'message.create', conversation_sid: conversation.sid, content_sid: content.sid, ...params })
        .message
    return { world, content_sid: content.sid, write }
  }

  it('says what the template does, not what came beside it', () => {
    const { write, content_sid } = floor()
    const message = write({ body: 'ignored', media_sid: `ME${'0'.repeat(32)}`, content_variables: '{"1":"good"}' })
    expect(message).toMatchObject({ body: 'Was that good?', content_sid, content_variables: '{"1":"good"}' })
    expect(write({ template_body: 'Rewritten', content_variables: '{"1":"good"}' }).body).toBe('Rewritten')
  })

  it('is refused where a variable is missing, or the template', () => {
    const { world, write } = floor()
    expect(world.refusal(() => write({}))).toContain('400/63028')
    expect(world.refusal(() => write({ content_sid: `HX${'0'.repeat(32)}` }))).toContain('400/21655')
  })
})
