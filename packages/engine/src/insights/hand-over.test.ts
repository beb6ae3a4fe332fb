import { describe, expect, it } from 'vitest'
import { type Contact, FlexFloor } from '../testing/flex-floor.ts'
import { insightEvents, insightOf } from './insight-event.ts'
import { Insights } from './insights.ts'

/* Whoever hands a contact on is said to have done so, by whichever way of Flex it was done. */

/** Bea has a customer; Cy is available, too. */
function withBea(): { floor: FlexFloor; contact: Contact } {
  const floor = new FlexFloor()
  floor.agent('Bea')
  const contact = floor.contact({ topic: 'order' })
  contact.accept()
  floor.agent('Cy')
  floor.pass('1 min')
  return { floor, contact }
}

/** Stretches with agents, in their order, each with how it was handed on. */
function stretches(floor: FlexFloor): string[] {
  const insights = new Insights()
  for (const event of floor.events()) if (insightEvents.has(event.type)) insights.move(insightOf(event))
  const talks = [...insights.take().segments.values()].filter(({ kind }) => kind === 'conversation')
  return talks
    .sort((a, b) => a.seq - b.seq)
    .map(({ worker_sid, transfer }) => `${floor.state.get('worker', String(worker_sid)).friendly_name} ${transfer}`)
}

const toCy = (floor: FlexFloor) => ({ queue_sid: floor.queue('Everyone').sid, worker_sid: floor.worker('Cy').sid })

describe('a contact that is handed on', () => {
  it('by a transfer, from when it begins', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    expect(stretches(floor)).toEqual(['Bea cold'])
    contact.accept(1)
    floor.pass('1 min')
    contact.respond(1, 'completed')
    expect(stretches(floor)).toEqual(['Bea cold', 'Cy null'])
  })

  it('by no transfer, where nobody takes it', () => {
    const { floor, contact } = withBea()
    contact.transfer(0, floor.worker('Cy').sid)
    contact.respond(1, 'rejected')
    contact.respond(0, 'completed')
    expect(stretches(floor)).toEqual(['Bea null'])
  })

  it('warm, by an invite that was taken before who had it went', () => {
    const { floor, contact } = withBea()
    contact.invite(toCy(floor))
    contact.accept(1)
    floor.pass('1 min')
    contact.leave(0)
    expect(stretches(floor)).toEqual(['Bea warm', 'Cy null'])
  })

  it('cold, by an invite that is still asked when who had it goes', () => {
    const { floor, contact } = withBea()
    contact.invite(toCy(floor))
    contact.leave(0, 'wrapup')
    floor.pass('1 min')
    contact.accept(1)
    contact.respond(0, 'completed')
    expect(stretches(floor)).toEqual(['Bea cold', 'Cy null'])
  })

  it('to nobody, where who was asked to join has gone first, or nobody was asked', () => {
    const { floor, contact } = withBea()
    contact.invite(toCy(floor))
    contact.accept(1)
    floor.pass('1 min')
    contact.leave(1)
    contact.respond(0, 'completed')
    expect(stretches(floor)).toEqual(['Bea null', 'Cy null'])
  })
})
