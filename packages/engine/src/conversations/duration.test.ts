import { expect, it } from 'vitest'
import { normalized, typeOf } from './address.ts'
import { durationOf } from './duration.ts'

it.each<readonly [string, number | null]>([
  ['PT1M', 60_000],
  ['pt10m', 600_000],
  ['P3D', 259_200_000],
  ['P1DT1H1M1S', 90_061_000],
  ['PT0.9S', 0],
  ['P2W', 1_209_600_000],
  ['P1Y', 31_536_000_000],
  ['PT0S', 0],
  ['P', null],
  ['PT', null],
  ['P1DT', null],
  ['1M', null],
  ['PT-1M', null],
  ['P999999999Y', null],
  ['', null]
])('the duration %s lasts %s ms', (text, ms) => {
  expect(durationOf(text)).toBe(ms)
})

it.each<readonly [string, string, string | null]>([
  ['+372 5550-0001', 'sms', '+37255500001'],
  [' 37255500001', 'sms', '+37255500001'],
  ['+12', 'sms', '+12'],
  ['+123456789012345', 'sms', '+123456789012345'],
  ['+1234567890123456', 'sms', null],
  ['+1', 'sms', null],
  ['12345', 'sms', null],
  ['15550000001', 'sms', null],
  ['0015550000001', 'sms', null],
  ['(555) 000-0001', 'sms', null],
  ['whatsapp:15550000001', 'whatsapp', null],
  ['whatsapp:0015550000001', 'whatsapp', null],
  ['sms:+15550000001', 'sms', null],
  ['whatsapp:+1 (555) 000-0001', 'whatsapp', 'whatsapp:+15550000001'],
  ['messenger:1234', 'messenger', 'messenger:1234'],
  ['ada@x.test', 'email', 'ada@x.test'],
  ['+0123456', 'sms', null],
  ['Ada', 'sms', null],
  ['whatsapp:', 'whatsapp', null],
  ['', 'sms', null]
])('the address %s is of type %s', (text, type, address) => {
  expect(typeOf(text)).toBe(type)
  expect(normalized(text)).toBe(address)
})
