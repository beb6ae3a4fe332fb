import { describe, expect, it } from 'vitest'
import { attachmentsOf, refusalOf, smsSize } from './limits.ts'

describe('a file', () => {
  const limits = { max_file_size: 100, number_of_attachments: 2, accepted_extensions: ['.PNG', { name: 'pdf' }] }
  it.each([
    ['small.png', 10, 0, undefined],
    ['report.pdf', 10, 1, undefined],
    ['large.png', 101, 0, { is: 'size', limit: 100 }],
    ['third.png', 10, 2, { is: 'count', limit: 2 }],
    ['page.html', 10, 0, { is: 'type', allowed: ['png', 'pdf'] }]
  ])('%s of %i bytes beside %i others', (name, size, held, refusal) => {
    expect(refusalOf({ name, size }, held, limits)).toEqual(refusal)
  })

  it('may be 16 MiB where nothing is configured', () => {
    expect(refusalOf({ name: 'a.png', size: 17_000_000 }, 0, {})).toMatchObject({ is: 'size' })
    expect(refusalOf({ name: 'a.exe', size: 16_000_000 }, 0, {})).toBeUndefined()
  })
})

describe('attachments', () => {
  it('are those of the channel, unless they are switched off there', () => {
    const configs = [
      { address_type: 'web', cbm_attachments: { enabled: false } },
      { address_type: 'sms', cbm_attachments: { enabled: true, max_file_size: 5 } }
    ]
    expect(attachmentsOf(configs, 'web')).toBeUndefined()
    expect(attachmentsOf(configs, 'sms')).toMatchObject({ max_file_size: 5 })
    expect(attachmentsOf(configs, 'whatsapp')).toEqual({})
  })
})

describe('a text by SMS', () => {
  it.each([
    ['a'.repeat(160), { used: 160, room: 160, segments: 1 }],
    ['a'.repeat(161), { used: 161, room: 306, segments: 2 }],
    ['€'.repeat(80), { used: 160, room: 160, segments: 1 }],
    [`${'a'.repeat(69)}’`, { used: 70, room: 70, segments: 1 }],
    [`${'a'.repeat(70)}’`, { used: 71, room: 134, segments: 2 }]
  ])('%s', (text, size) => expect(smsSize(text)).toMatchObject(size))

  it('says which sign makes it twice as long', () => {
    expect([smsSize('It is here').odd, smsSize('It’s here 😀').odd, smsSize('ok 😀').odd]).toEqual([
      undefined,
      '’',
      '😀'
    ])
  })
})
