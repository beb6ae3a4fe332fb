import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'
import { chooseSender } from './choice.ts'
import { countryOf } from './country.ts'
import type { MessagingServiceParams } from './messaging-service.ts'

/** A service with a pool, whose senders go by their addresses. */
class Pool extends World {
  readonly service: string

  constructor(addresses: readonly string[], params: MessagingServiceParams = {}) {
    super()
    this.service = this.do({ type: 'messaging_service.create', friendly_name: 'Shop', ...params }).messaging_service.sid
    for (const address of addresses) this.add(address)
  }

  add(address: string): string {
    const service_sid = this.service
    const [, country, name = ''] = /^(?:(\w\w|):)?([A-Za-z].*)$/.exec(address) ?? []
    if (address.startsWith('+')) {
      const { sid } = this.do({ type: 'incoming_phone_number.create', phone_number: address }).incoming_phone_number
      return this.do({ type: 'pool.add_phone_number', service_sid, phone_number_sid: sid }).pooled_sender.sid
    }
    if (/^\d|^whatsapp:|^messenger:|^rcs:/.test(address)) {
      const { sid } = this.do({ type: 'sender.create', address }).sender
      return sid.startsWith('SC')
        ? this.do({ type: 'pool.add_short_code', service_sid, short_code_sid: sid }).pooled_sender.sid
        : this.do({ type: 'pool.add_channel_sender', messaging_service_sid: service_sid, sid }).pooled_sender.sid
    }
    if (country === undefined)
      return this.do({ type: 'pool.add_alpha_sender', service_sid, alpha_sender: name }).pooled_sender.sid
    const iso_country_code = country
    return this.do({ type: 'pool.add_destination_alpha_sender', service_sid, alpha_sender: name, iso_country_code })
      .pooled_sender.sid
  }

  choice(to: string, how: { readonly before?: string; readonly turn?: string } = {}): string | undefined {
    return chooseSender(this.state, this.service, to, how)?.address
  }
}

describe('which sender writes', () => {
  it.each([
    ['the country of the recipient', ['+14155550100', '+33612345678'], '+33700000000', '+33612345678'],
    ['any number where there is none of the country', ['+14155550100'], '+33700000000', '+14155550100'],
    ['the area code', ['+14155550100', '+12125550100'], '+12125559999', '+12125550100'],
    ['a short code in its country', ['+14155550100', '12345'], '+12125559999', '12345'],
    ['no short code abroad', ['+14155550100', '12345'], '+33700000000', '+14155550100'],
    ['a name where names are taken', ['+33612345678', 'Shop'], '+33700000000', 'Shop'],
    ['a number where they are not', ['+14155550100', 'Shop'], '+12125559999', '+14155550100'],
    ['the name of the country', ['Shop', 'FR:Boutique', 'GB:Store'], '+33700000000', 'Boutique'],
    ['the name for all others', ['Shop', 'GB:Store', ':World'], '+33700000000', 'World'],
    [
      'WhatsApp by its prefix',
      ['+14155550100', 'whatsapp:+14155550100'],
      'WhatsApp:+33700000000',
      'whatsapp:+14155550100'
    ],
    ['Messenger by its prefix', ['whatsapp:+14155550100', 'messenger:1234'], 'messenger:99', 'messenger:1234'],
    ['nobody for a channel without a sender', ['+14155550100'], 'whatsapp:+33700000000', undefined],
    ['nobody by a channel on SMS', ['whatsapp:+14155550100'], '+33700000000', undefined],
    ['nobody by a name where there are only names', ['Shop'], '+14155550100', undefined],
    ['nobody in an empty pool', [], '+14155550100', undefined]
  ])('goes by %s', (_, pool, to, sender) => {
    expect(new Pool(pool).choice(to)).toBe(sender)
  })

  it('does not go by area codes where the service says so', () => {
    const pool = new Pool(['+14155550100', '+12125550100'], { area_code_geomatch: false })
    const people = Array.from({ length: 50 }, (_, i) => `+1212555${1000 + i}`)
    expect(new Set(people.map((to) => pool.choice(to))).size).toBe(2)
  })

  it('stays with a recipient, and is spread over all of them', () => {
    const pool = new Pool(['+33612345671', '+33612345672', '+33612345673', '+33612345674'])
    const people = Array.from({ length: 400 }, (_, i) => `+337${String(i).padStart(8, '0')}`)
    const first = new Map(people.map((to) => [to, pool.choice(to)]))
    const counts = new Map<string | undefined, number>()
    for (const sender of first.values()) counts.set(sender, (counts.get(sender) ?? 0) + 1)
    expect(counts.size).toBe(4)
    expect(Math.min(...counts.values())).toBeGreaterThan(60)
    pool.pass('1 h')
    pool.add('+442071838750')
    expect(people.filter((to) => pool.choice(to) !== first.get(to))).toEqual([])
    // A better one takes its share only, and nobody whose last sender is known.
    pool.add('+33612345675')
    const moved = people.filter((to) => pool.choice(to) !== first.get(to))
    expect(moved.every((to) => pool.choice(to) === '+33612345675')).toBe(true)
    expect(moved.length).toBeGreaterThan(40)
    expect(moved.length).toBeLessThan(140)
    expect(people.filter((to) => pool.choice(to, { before: first.get(to) ?? '' }) !== first.get(to))).toEqual([])
  })

  it('takes turns where nobody is to stay', () => {
    const pool = new Pool(['+33612345671', '+33612345672'], { sticky_sender: false })
    const chosen = Array.from({ length: 40 }, (_, i) =>
      pool.choice('+33700000000', { before: '+33612345671', turn: `SM${i}` })
    )
    expect(new Set(chosen).size).toBe(2)
  })

  it.each([
    ['+14155550100', 'US'],
    ['+14165550100', 'CA'],
    ['+18765550100', 'JM'],
    ['+442071838750', 'GB'],
    ['+77012345678', 'KZ'],
    ['+74951234567', 'RU'],
    ['+97250000000', 'IL'],
    ['+2980000000', 'FO'],
    ['+999123456', null]
  ])('knows that %s is of %s', (number, country) => {
    expect(countryOf(number)).toBe(country)
  })
})

describe('a pool', () => {
  it('has a sender once, and a sender one pool', () => {
    const pool = new Pool([])
    const phone_number_sid = pool.add('+14155550100')
    const add = (service_sid: string) => () => pool.do({ type: 'pool.add_phone_number', service_sid, phone_number_sid })
    expect(pool.refusal(add(pool.service))).toContain('409/21710 +14155550100 is in the Messaging Service already')
    const other = pool.do({ type: 'messaging_service.create', friendly_name: 'Other' }).messaging_service.sid
    expect(pool.refusal(add(other))).toContain(`409/21712 +14155550100 is in Messaging Service ${pool.service}`)
    pool.do({ type: 'pool.remove_phone_number', service_sid: pool.service, sid: phone_number_sid })
    expect(add(other)().pooled_sender.messaging_service_sid).toBe(other)
  })

  it('loses a number that is given up, and everything with its service', () => {
    const pool = new Pool(['+14155550100', 'whatsapp:+14155550100', '12345', 'Shop', 'GB:Store'])
    const [number] = pool.state.tables.incoming_phone_number.all()
    pool.do({ type: 'incoming_phone_number.delete', sid: number?.sid ?? '' })
    expect(pool.state.tables.pooled_sender.size).toBe(4)
    pool.do({ type: 'messaging_service.delete', sid: pool.service })
    expect([pool.state.tables.pooled_sender.size, pool.state.tables.sender.size]).toEqual([0, 2])
  })

  it.each([
    ['409/21710', 'Shop'],
    ['409/21710', 'GB:Other'],
    ['400/20001 Value', 'Far too long a name'],
    ['400/20001 Value', 'GBR:Store']
  ])('refuses with %s the name %s', (refusal, name) => {
    const pool = new Pool(['Shop', 'GB:Store'])
    const [, iso_country_code = '', alpha_sender = name] = /^(\w+):(.*)$/.exec(name) ?? []
    const service_sid = pool.service
    const command = { service_sid, alpha_sender, ...(iso_country_code && { iso_country_code }) }
    const type = iso_country_code ? 'pool.add_destination_alpha_sender' : 'pool.add_alpha_sender'
    expect(pool.refusal(() => pool.do({ type, ...command }))).toContain(refusal)
  })
})
