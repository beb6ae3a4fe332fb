import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

const hook = 'https://a.example/sms'

describe('numbers', () => {
  it('are claimed as they are, with what they are asked to do', () => {
    const world = new World()
    const { application } = world.do({ type: 'application.create', sms_url: hook })
    const { incoming_phone_number: number } = world.do({
      type: 'incoming_phone_number.create',
      phone_number: '+1 (415) 555-2671',
      voice_url: 'https://a.example/voice',
      voice_method: 'GET',
      sms_application_sid: application.sid
    })
    expect(number).toMatchObject({
      phone_number: '+14155552671',
      friendly_name: '(415) 555-2671',
      number_type: 'local',
      voice_url: 'https://a.example/voice',
      voice_method: 'GET',
      sms_url: null,
      sms_method: 'POST',
      sms_application_sid: application.sid
    })
    const changed = world.do({
      type: 'incoming_phone_number.update',
      sid: number.sid,
      sms_application_sid: null,
      voice_url: '',
      friendly_name: 'Sales'
    })
    expect(changed.incoming_phone_number).toMatchObject({
      sms_application_sid: null,
      voice_url: null,
      friendly_name: 'Sales'
    })
    expect(world.do({ type: 'incoming_phone_number.delete', sid: number.sid })).toEqual({})
    expect(world.state.tables.incoming_phone_number.size).toBe(0)
  })

  it('are made up of an area code, the next free one', () => {
    const world = new World()
    const claim = (area_code: string) =>
      world.do({ type: 'incoming_phone_number.create', area_code }).incoming_phone_number.phone_number
    expect([claim('415'), claim('415'), claim('510')]).toEqual(['+14155550100', '+14155550101', '+15105550100'])
  })

  it('lose an application that is deleted, wherever they had it', () => {
    const world = new World()
    const [a, b] = ['a', 'b'].map(
      (friendly_name) => world.do({ type: 'application.create', friendly_name }).application.sid
    )
    const number = world.do({
      type: 'incoming_phone_number.create',
      phone_number: '+33612345678',
      sms_application_sid: a ?? '',
      voice_application_sid: b ?? ''
    }).incoming_phone_number.sid
    world.do({ type: 'application.delete', sid: b ?? '' })
    const row = () => world.state.get('incoming_phone_number', number)
    expect(row()).toMatchObject({ sms_application_sid: a, voice_application_sid: null })
    world.do({ type: 'application.delete', sid: a ?? '' })
    expect(row()).toMatchObject({ sms_application_sid: null, voice_application_sid: null })
  })

  it.each([
    ['+18005550100', undefined, 'toll-free'],
    ['+4915112345678', undefined, 'local'],
    ['+4915112345678', 'mobile', 'mobile'],
    ['+448001111', 'toll_free', 'toll-free'],
    ['+18885550100', 'toll_free', 'toll-free']
  ] as const)('%s claimed as %s is %s', (phone_number, as, number_type) => {
    const type = as === undefined ? 'incoming_phone_number.create' : (`incoming_phone_number.create_${as}` as const)
    expect(new World().do({ type, phone_number }).incoming_phone_number.number_type).toBe(number_type)
  })

  const missing = `AP${'0'.repeat(32)}`
  it.each([
    ['400/21421 PhoneNumber or AreaCode', {}],
    ['400/21421 PhoneNumber', { phone_number: '12' }],
    ['400/21422 PhoneNumber +14155552671 is not available', { phone_number: '+1 415 555 2671' }],
    ['400/21451 AreaCode', { area_code: '12' }],
    ['400/21420 Application', { phone_number: '+15550100', sms_application_sid: missing }],
    ['400/20001 Value', { phone_number: '+15550100', sms_url: 'ftp://a.example' }],
    ['400/20001 TrunkSid', { phone_number: '+15550100', trunk_sid: `TK${'0'.repeat(32)}` }],
    ['400/20001 EmergencyStatus', { phone_number: '+15550100', emergency_status: 'Active' }],
    ['404/20404 The requested resource /Accounts', { phone_number: '+15550100', account_sid: `AC${'1'.repeat(32)}` }],
    ['400/20001 Value', { phone_number: '+15550100', api_version: '2008-08-01' }]
  ] as const)('are refused with %s', (refusal, params) => {
    const world = new World()
    world.do({ type: 'incoming_phone_number.create', phone_number: '+14155552671' })
    expect(world.refusal(() => world.do({ type: 'incoming_phone_number.create', ...params }))).toContain(refusal)
  })

  it.each(['local', 'mobile'] as const)('that are free to call are none that are %s', (type) => {
    const claim = () => new World().do({ type: `incoming_phone_number.create_${type}`, phone_number: '+18005550100' })
    expect(new World().refusal(claim)).toContain('400/21421 PhoneNumber +18005550100 is a toll-free number')
  })

  it('of an area code run out', () => {
    const world = new World()
    for (const line of Array.from({ length: 100 }, (_, i) => 100 + i))
      world.do({ type: 'incoming_phone_number.create', phone_number: `+1415555${String(line).padStart(4, '0')}` })
    expect(
      world.do({ type: 'incoming_phone_number.create', area_code: '415' }).incoming_phone_number.phone_number
    ).toBe('+14155551000')
  })
})
