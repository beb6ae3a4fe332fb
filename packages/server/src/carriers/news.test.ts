import { describe, expect, it } from 'vitest'
import type { WebhookContext } from './carrier.ts'
import { taggedIn } from './giving.ts'
import { meaningOf } from './graph-errors.ts'
import { readMessenger } from './messenger-news.ts'
import { metaWebhook } from './meta-webhook.ts'
import { readWhatsApp } from './whatsapp-news.ts'

const context = { secrets: { app_secret: 'app-secret', verify_token: 'our-word' } } as unknown as WebhookContext

describe('the signature of Meta', () => {
  const body = Buffer.from('{"object":"page","entry":[]}')
  const right = 'sha256=e6e9d7a842a48e17f43a34d6125d0d933e2aab92ee37f0993a4d493b50e3d438'
  const isSigned = (signature: string | undefined, bytes = body) =>
    metaWebhook.isSigned({ headers: { 'x-hub-signature-256': signature }, query: '', body: bytes, urls: [] }, context)

  it('is over the bytes of the body', () => {
    expect(isSigned(right)).toBe(true)
    expect(isSigned(right.toUpperCase().replace('SHA256', 'sha256'))).toBe(true)
    expect(isSigned(right, Buffer.concat([body, Buffer.from(' ')]))).toBe(false)
  })

  it.each([undefined, '', 'sha256=', right.slice(0, -1), right.replace('sha256', 'sha1'), `${right}0`])(
    'is not %s',
    (signature) => {
      expect(isSigned(signature)).toBe(false)
    }
  )

  it('is nobody’s where there is no secret', () => {
    const none = { secrets: {} } as unknown as WebhookContext
    expect(metaWebhook.isSigned({ headers: { 'x-hub-signature-256': right }, query: '', body, urls: [] }, none)).toBe(
      false
    )
    expect(metaWebhook.confirm?.('hub.mode=subscribe&hub.verify_token=&hub.challenge=1', none)).toBeUndefined()
  })
})

describe('tags', () => {
  const sid = `SM${'0a'.repeat(16)}`

  it.each([
    [sid, { sid }],
    [`${sid}.2`, { sid, part: 2 }],
    [`${sid}.`, undefined],
    [`${sid}.1234`, undefined],
    ['somebody else’s', undefined],
    [undefined, undefined]
  ])('%s', (tag, expected) => expect(taggedIn(tag)).toEqual(expected))
})

it.each([
  [{ code: 131047, subcode: undefined }, 63016, 'refused'],
  [{ code: 10, subcode: 2018278 }, 63016, 'refused'],
  [{ code: 10, subcode: undefined }, 63001, 'trouble'],
  [{ code: 130429, subcode: undefined }, 63018, 'away'],
  [{ code: 131056, subcode: undefined }, 63018, 'wait'],
  [{ code: 999999, subcode: 1 }, 30008, 'refused']
])('error %j is %i, %s', (error, code, meaning) => {
  expect(meaningOf({ ...error, text: '' })).toEqual({ code, meaning })
})

/** Bodies as Meta sends them, to be spoiled. */
const bodies = {
  whatsapp: {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: '1',
        changes: [
          {
            field: 'messages',
            value: {
              metadata: { phone_number_id: '9', display_phone_number: '+1 555' },
              contacts: [{ wa_id: '33600000001', user_id: 'FR.1', profile: { name: 'Ana' } }],
              messages: [
                {
                  id: 'a',
                  from: '33600000001',
                  timestamp: '1',
                  type: 'text',
                  text: { body: 'Hi' },
                  context: { id: 'z' }
                },
                { id: 'b', from: '33600000001', timestamp: '1', type: 'image', image: { id: '7', caption: 'x' } },
                {
                  id: 'c',
                  from: '33600000001',
                  type: 'interactive',
                  interactive: { type: 'list_reply', list_reply: { id: '1', title: 'One' } }
                },
                {
                  id: 'd',
                  from: '33600000001',
                  type: 'contacts',
                  contacts: [{ name: { formatted_name: 'B' }, phones: [{ phone: '1' }] }]
                },
                { id: 'e', from: '33600000001', type: 'order', order: { text: 'o', product_items: [{ quantity: 1 }] } },
                { id: 'f', from: '33600000001', type: 'reaction', reaction: { message_id: 'a', emoji: '👍' } }
              ],
              statuses: [{ id: 'a', status: 'failed', recipient_id: '1', errors: [{ code: 131026, title: 'no' }] }]
            }
          }
        ]
      }
    ]
  },
  messenger: {
    object: 'page',
    entry: [
      {
        id: '8',
        messaging: [
          {
            sender: { id: '5' },
            recipient: { id: '8' },
            timestamp: 1,
            message: { mid: 'a', text: 'Hi', reply_to: { mid: 'q' } }
          },
          {
            sender: { id: '5' },
            recipient: { id: '8' },
            message: { mid: 'b', attachments: [{ type: 'image', payload: { url: 'https://a.example/b' } }] }
          },
          {
            sender: { id: '5' },
            recipient: { id: '8' },
            postback: { mid: 'c', title: 'Go', payload: 'GO', referral: { ref: 'x' } }
          },
          { sender: { id: '5' }, recipient: { id: '8' }, reaction: { mid: 'a', action: 'react', emoji: '❤' } },
          { sender: { id: '5' }, recipient: { id: '8' }, delivery: { mids: ['m'], watermark: 1 } },
          { sender: { id: '5' }, recipient: { id: '8' }, read: { watermark: 7 } },
          {
            sender: { id: '8' },
            recipient: { id: '5' },
            message: { mid: 'm', is_echo: true, metadata: `SM${'0'.repeat(32)}` }
          }
        ]
      }
    ]
  }
} as const

const readers = {
  whatsapp: (body: Buffer) => readWhatsApp(body, (id) => (id === '9' ? 'whatsapp:+1555' : undefined)),
  messenger: (body: Buffer) => readMessenger(body, { prefix: 'messenger', object: 'page', senders: ['messenger:8'] })
}

describe.each(['whatsapp', 'messenger'] as const)('what %s tells', (network) => {
  const text = JSON.stringify(bodies[network])
  const read = readers[network]

  it('is read in its order', () => {
    expect(read(Buffer.from(text))?.map(({ news }) => news)).toEqual(
      network === 'whatsapp'
        ? [...Array.from({ length: 6 }, () => 'message'), 'status']
        : ['message', 'message', 'message', 'message', 'status', 'read', 'status']
    )
  })

  it('is nothing where it is for somebody else', () => {
    expect(read(Buffer.from(text.replaceAll('"9"', '"10"').replaceAll('"8"', '"10"')))).toEqual([])
    expect(read(Buffer.from(text.replace(/"object":"[^"]+"/, '"object":"user"')))).toBeUndefined()
  })

  it('does no harm, however it is spoiled', () => {
    let seed = 42
    const roll = (sides: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return (seed >>> 8) % sides
    }
    const junk = [
      null,
      7,
      '',
      [],
      {},
      true,
      '\0',
      '\ud800',
      Number.MAX_VALUE,
      [[[[]]]],
      { id: { id: [] } },
      '__proto__',
      'x'.repeat(10_000)
    ]
    const spoil = (value: unknown, chance: number): unknown => {
      if (roll(1_000) < chance) return junk[roll(junk.length)]
      if (Array.isArray(value)) return value.map((one) => spoil(one, chance))
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, spoil(one, chance)]))
    }
    let whole = 0
    for (let n = 0; n < 3_000; n++) {
      const text = JSON.stringify(spoil(bodies[network], 5 + roll(60)))
      const spoiled = roll(10) === 0 ? text.slice(0, roll(text.length)) : text
      const news = read(Buffer.from(spoiled))
      for (const one of news ?? []) {
        if (one.news !== 'message') continue
        const { provider_sid, from, to, body, files, told } = one.message
        expect(
          [provider_sid, from, to, body, ...Object.values(told)].every(
            (part) => typeof part === 'string' && !part.includes('\0')
          )
        ).toBe(true)
        expect(files.length).toBeLessThanOrEqual(10)
      }
      if (news && news.length > 0) whole++
    }
    expect(whole).toBeGreaterThan(1_000)
  })
})
