import { describe, expect, it } from 'vitest'
import { FlexFloor } from '../testing/flex-floor.ts'
import { type InsightEvent, insightEvents, insightOf } from './insight-event.ts'
import { Insights } from './insights.ts'

/** A contact that Bea takes, and hands on to Cy, who ends it. */
function story(): InsightEvent[] {
  const floor = new FlexFloor()
  floor.agent('Bea')
  const contact = floor.contact({ topic: 'order' })
  contact.accept()
  floor.agent('Cy')
  floor.pass('1 min')
  contact.transfer(0, floor.worker('Cy').sid)
  contact.accept(1)
  floor.pass('1 min')
  contact.respond(1, 'completed')
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
