import { describe, expect, it } from 'vitest'
import { centerTools } from '../../../server/src/rendering/tools.ts'
import { State } from '../center.ts'
import type { Command } from '../commands.ts'
import { seedOf } from '../core/ids.ts'
import { decide } from '../decide.ts'
import { decideDue } from '../due.ts'
import { type EngineEvent, render } from '../events.ts'
import { defaultSettings } from '../settings.ts'
import { definition, set, split, trigger, widget } from '../testing/flows.ts'

/* Flows as large, and as much work, as they may be: each is run, in decisions of a bounded share, or fails by its own widget. */

/** What a flow has come to, decision by decision. */
function run(text: string) {
  const state = new State(`AC${'0'.repeat(32)}`, defaultSettings, centerTools)
  const at = 1_767_225_600_000
  const events: EngineEvent[] = []
  const steps: number[] = []
  const seen = (some: readonly EngineEvent[]) => {
    events.push(...some)
    steps.push(some.filter(({ type }) => type === 'flow.step.ended').length)
  }
  const give = (command: object) => {
    const { events: some, result } = decide(state, { at, seed: seedOf(1, state.decision), command: command as Command })
    seen(some)
    return result as Record<string, { readonly sid: string }> // of a command that makes something
  }
  const { flow } = give({ type: 'flow.create', friendly_name: 'x', status: 'draft', definition: text })
  // As a draft it may be anything; a test user runs it.
  give({ type: 'test_user.update', sid: flow?.sid, test_users: ['+1'] })
  give({ type: 'execution.create', flow_sid: flow?.sid, to: '+1', from: '+2' })
  for (const { decision } of decideDue(state, at, (n) => seedOf(1, n))) seen(decision.events)
  const [execution] = state.tables.execution.all()
  if (!execution) throw new Error('nothing was started')
  const errors = events.filter(({ type }) => type === 'error.logged').map((event) => render(event).description)
  return { execution, errors, most: Math.max(...steps), decisions: steps.filter((count) => count > 0).length }
}

const first = trigger({ incomingRequest: 'w0' })
/** Widgets one after the other, from `w0` on. */
const chain = (count: number, one: (name: string, next: string | undefined) => ReturnType<typeof widget>) =>
  definition([first, ...Array.from({ length: count }, (_, n) => one(`w${n}`, n + 1 < count ? `w${n + 1}` : undefined))])

/** Some thousand parts. */
const heavy = '{% for i in (1..15) %}{% for j in (1..15) %}{% for k in (1..15) %}x{% endfor %}{% endfor %}{% endfor %}'

describe('a flow', () => {
  it('of a thousand widgets runs through all of them, some at a time', () => {
    const { execution, errors, most, decisions } = run(
      chain(999, (name, next) => set(name, { n: '{{flow.variables.n | plus: 1}}' }, next))
    )
    expect(execution).toMatchObject({
      ended_reason: 'FLOW_END',
      steps: 1000,
      context: { flow: { variables: { n: '999' } } }
    })
    expect(errors).toEqual([])
    expect(most).toBe(25)
    expect(decisions).toBe(40)
  })

  it('of a megabyte runs, and knows all that it has said', () => {
    const text = 'x'.repeat(16_000)
    const long = chain(65, (name, next) => set(name, { [name]: `${text}{{flow.variables.none}}` }, next))
    expect(long.length).toBeGreaterThan(1_000_000)
    const { execution, errors } = run(long)
    expect([execution.ended_reason, errors]).toEqual(['FLOW_END', []])
    expect(execution.context_size).toBeGreaterThan(2_000_000)
  })

  it('that gathers more and more ends', () => {
    const text = 'x'.repeat(16_000)
    const two = [set('w0', { a: text }, 'b'), set('b', { b: text }, 'w0')]
    const { execution, errors } = run(definition([first, ...two]))
    expect(execution).toMatchObject({ ended_reason: 'ERROR' })
    expect(execution.context_size).toBeLessThan(4_300_000)
    expect(errors).toEqual([expect.stringContaining('its context has grown beyond 4194304 characters')])
  })

  it('of heavy templates has fewer widgets at a time', () => {
    const { execution, most } = run(chain(50, (name, next) => set(name, { a: heavy }, next)))
    expect([execution.ended_reason, execution.steps]).toEqual(['FLOW_END', 51])
    // The trigger, and what comes to twenty thousand parts.
    expect(most).toBeLessThan(6)
  })

  it.each([
    ['too many of them', Array.from({ length: 200 }, (_, n) => ({ key: `k${n}`, value: heavy })), 'more work than'],
    [
      'more entries than a list may have',
      Array.from({ length: 1001 }, (_, n) => ({ key: `k${n}`, value: '' })),
      'entries'
    ]
  ])('with %s at one widget fails by that', (_what, variables, message) => {
    const { execution, errors } = run(
      definition([first, widget('w0', 'set-variables', { next: undefined }, { variables })])
    )
    expect(errors).toEqual([expect.stringContaining(message)])
    expect(execution).toMatchObject({ status: 'ended', ended_reason: 'ERROR' })
  })

  it('with patterns that take long goes on where none of them is', () => {
    const long = split(
      'w0',
      `{% for i in (1..15) %}{% for j in (1..15) %}{% for k in (1..4) %}abc def ghi {% endfor %}{% endfor %}{% endfor %}`,
      Array.from({ length: 50 }, (_, n) => ['regex', `([a-z]+ ?){1,${n + 400}}x`, 'never'] as const),
      'other'
    )
    const { execution, errors } = run(definition([first, long, set('never', { a: '1' }), set('other', { b: '2' })]))
    expect(execution.context).toMatchObject({ flow: { variables: { b: '2' } } })
    expect(errors).toEqual([expect.stringContaining('more work than is possible')])
  })
})
