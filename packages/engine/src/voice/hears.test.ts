import { expect, it } from 'vitest'
import { type Hearer, hears } from './hears.ts'

const plain = { muted: false, hold: false, coaching: false, call_sid_to_coach: null }
const caller: Hearer = { ...plain, call_sid: 'caller' }
const agent: Hearer = { ...plain, call_sid: 'agent' }
const boss: Hearer = { ...plain, call_sid: 'boss' }

it.each<[string, readonly Hearer[], Record<string, string[]>]>([
  ['talk', [caller, agent], { caller: ['agent'], agent: ['caller'] }],
  ['hold', [{ ...caller, hold: true }, agent, boss], { caller: [], agent: ['boss'], boss: ['agent'] }],
  [
    'monitor',
    [caller, agent, { ...boss, muted: true }],
    { caller: ['agent'], agent: ['caller'], boss: ['caller', 'agent'] }
  ],
  [
    'whisper',
    [caller, agent, { ...boss, coaching: true, call_sid_to_coach: 'agent' }],
    { caller: ['agent'], agent: ['caller', 'boss'], boss: ['caller', 'agent'] }
  ],
  ['barge', [caller, agent, boss], { caller: ['agent', 'boss'], agent: ['caller', 'boss'], boss: ['caller', 'agent'] }],
  ['consult', [{ ...caller, hold: true }, agent, boss], { caller: [], agent: ['boss'], boss: ['agent'] }],
  ['somebody whose connection is lost', [caller, { ...agent, away: true }], { caller: [], agent: [] }],
  [
    'the same with others there',
    [caller, { ...agent, away: true }, boss],
    { caller: ['boss'], agent: [], boss: ['caller'] }
  ],
  ['alone', [caller], { caller: [] }]
])('%s', (_, connected, expected) => {
  const heard: Record<string, string[]> = Object.fromEntries(connected.map(({ call_sid }) => [call_sid, []]))
  for (const [listener, speaker] of hears(connected)) heard[listener]?.push(speaker)
  expect(heard).toEqual(expected)
})
