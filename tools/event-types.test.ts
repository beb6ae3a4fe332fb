import { readFileSync } from 'node:fs'
import { streamTypes } from '@ringdown/engine/event-streams/catalogue'
import { eventfulDays } from '@ringdown/engine/testing/eventful-days'
import { expect, test } from 'vitest'
import { examples, filled, typesTables } from './event-types.ts'

const { events, account_sid } = eventfulDays()

test('everything that Event Streams can tell happens in the story', () => {
  const happened = new Set(events.map(({ type }) => type))
  const told = streamTypes.flatMap(({ from }) => from ?? [])
  expect(told.length).toBeGreaterThan(60)
  expect(told.filter((type) => !happened.has(type))).toEqual([])
})

test('an example is the JSON that is sent, its SIDs counted', () => {
  const made = examples(events, account_sid)
  const blocks = [...made.matchAll(/```json\n([\s\S]*?)\n```/g)].map(([, json = '']) => JSON.parse(json) as object[])
  expect(blocks).toHaveLength(streamTypes.filter(({ from }) => from !== null).length)
  expect(made).not.toContain('undefined')
  const [first] = blocks
  expect(first).toMatchObject([
    { specversion: '1.0', type: 'com.twilio.taskrouter.task.created', id: expect.stringMatching(/^EZ0+1$/) }
  ])
})

test('docs/events.md is what is told (`npx vitest run tools/event-types -u` writes it anew)', async () => {
  const document = readFileSync(new URL('../docs/events.md', import.meta.url), 'utf8')
  const parts = { 'event types': typesTables(), examples: examples(events, account_sid) }
  await expect(filled(document, parts)).toMatchFileSnapshot('../docs/events.md')
})
