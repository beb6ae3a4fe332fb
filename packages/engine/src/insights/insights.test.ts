import { describe, expect, it } from 'vitest'
import { FlexFloor } from '../testing/flex-floor.ts'
import { type InsightEvent, insightEvents, insightOf } from './insight-event.ts'
import { Insights, type Open } from './insights.ts'
import type { ContactText, Segment } from './segment.ts'

/** A contact that Bea takes, and hands on to Cy, who ends it; the task that she had may no longer say whose it is. */
function story(isLost = false): InsightEvent[] {
  const floor = new FlexFloor()
  floor.agent('Bea')
  const contact = floor.contact({ topic: 'order' })
  for (const { workspace_sid, sid } of isLost ? contact.tasks : [])
    floor.do({ type: 'task.update', workspace_sid, sid, attributes: '{}' })
  contact.accept()
  floor.agent('Cy')
  floor.pass('1 min')
  contact.transfer(0, floor.worker('Cy').sid)
  contact.accept(1)
  floor.pass('1 min')
  contact.respond(1, 'completed')
  // What is over is taken away.
  for (const { workspace_sid, sid } of contact.tasks) floor.do({ type: 'task.delete', workspace_sid, sid })
  return floor
    .events()
    .filter(({ type }) => insightEvents.has(type))
    .map(insightOf)
}

function told(insights: Insights, events: readonly InsightEvent[]): Insights {
  for (const event of events) insights.move(event)
  return insights
}

describe('what is open of contacts', () => {
  const events = story()
  const cuts = events.map((_, n) => n)

  it.each(cuts)('stays as it was for whoever took it, while contacts go on: after %i events', (cut) => {
    const insights = told(new Insights(), events.slice(0, cut))
    const { open } = insights.take()
    const before = JSON.stringify([...open])
    told(insights, events.slice(cut))
    expect(JSON.stringify([...open])).toBe(before)
  })

  it.each(cuts)('is all that is needed to go on: after %i events', (cut) => {
    const { open } = told(new Insights(), events.slice(0, cut)).take()
    const again = told(new Insights(open.values()), events.slice(Math.floor(cut / 2)))
    const whole = told(new Insights(), events)
    expect(again.size).toBe(whole.size)
    const segments = (insights: Insights, from: number) =>
      [...insights.take().segments.values()].filter(({ seq }) => seq > from)
    const cutAt = events[cut - 1]?.seq ?? 0
    expect(segments(again, cutAt)).toEqual(segments(told(new Insights(), events), cutAt))
  })
})

describe.each([
  ['all that happens', story()],
  ['what a task that forgets its conversation did', story(true)]
])('whoever comes back earlier, with what was written, makes of %s', (_what, events) => {
  const all = told(new Insights(), events)
  const { segments, texts } = all.take()
  const byKey = <K, V>(map: ReadonlyMap<K, V>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))

  it.each(events.map((_, n) => n))('the same: what was written last is of %i events', (dies) => {
    for (let cursor = 0; cursor <= dies; cursor++) {
      const kept = { segments: new Map<number, Segment>(), texts: new Map<string, ContactText>() }
      const open = new Map<string, Open>()
      /** Rows as the server writes them, those that are open last: of these only so many. */
      const write = (insights: Insights, many = Infinity) => {
        const changed = insights.take()
        for (const [seq, segment] of changed.segments) kept.segments.set(seq, segment)
        for (const [key, text] of changed.texts) kept.texts.set(key, text)
        for (const [key, one] of [...changed.open].slice(0, many)) open.set(key, JSON.parse(JSON.stringify(one)))
        return changed.open.size
      }
      for (let many = 0, size = 0; many <= size; many++) {
        for (const map of [kept.segments, kept.texts, open]) map.clear()
        const first = told(new Insights(), events.slice(0, cursor))
        write(first)
        size = write(told(first, events.slice(cursor, dies)), many)
        const again = told(new Insights(open.values()), events.slice(cursor))
        write(again)
        expect(byKey(kept.segments)).toEqual(byKey(segments))
        expect(byKey(kept.texts)).toEqual(byKey(texts))
        expect(again.size).toBe(all.size)
      }
    }
  })
})
