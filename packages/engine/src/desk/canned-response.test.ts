import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

const hello = { section: 'General', label: 'Hello', text: 'Bonjour!' }

describe('canned responses', () => {
  it('are kept with section, label, text, language, queues and shortcut', () => {
    const world = new World()
    const queue = world.addQueue('French').sid
    const { canned_response } = world.do({
      type: 'canned_response.create',
      ...hello,
      language: 'fr',
      task_queue_sids: [queue],
      shortcut: 'hi'
    })
    expect(canned_response).toMatchObject({ ...hello, language: 'fr', task_queue_sids: [queue], shortcut: 'hi' })
    const { sid } = canned_response
    const changed = world.do({ type: 'canned_response.update', sid, language: '', shortcut: '', text: 'Salut!' })
    expect(changed.canned_response).toMatchObject({ text: 'Salut!', language: null, shortcut: null, label: 'Hello' })
    world.do({ type: 'canned_response.delete', sid })
    expect(world.state.tables.canned_response.size).toBe(0)
  })

  for (const [what, params, refusal] of [
    ['no text', { ...hello, text: ' ' }, '400/20001 Text of a canned response must not be empty'],
    ['a long label', { ...hello, label: 'x'.repeat(257) }, '400/20001 Label must not be longer than 256 characters'],
    ['no language', { ...hello, language: 'français' }, "400/20001 Value 'français' provided for Language must be"],
    [
      'no queue',
      { ...hello, task_queue_sids: ['WQ1'] },
      "400/20001 Value 'WQ1' provided for TaskQueueSids does not exist"
    ],
    ['white space', { ...hello, shortcut: 'h i' }, '400/20001 Shortcut must have 1 to 64 characters'],
    ['a shortcut that is taken', { ...hello, shortcut: 'Å' }, '409/20409 Shortcut Å is that of KR']
  ] as const)
    it(`are refused with ${what}`, () => {
      const world = new World()
      // The same letter in another form.
      world.do({ type: 'canned_response.create', ...hello, shortcut: 'A\u030a' })
      expect(world.refusal(() => world.do({ type: 'canned_response.create', ...params }))).toContain(refusal)
    })

  const template = {
    categories: [
      {
        section: 'General',
        responses: [
          { label: 'Hello', text: 'Hello!' },
          { label: 'Bye', text: 'Bye!' }
        ]
      },
      { section: 'Orders', responses: [{ label: 'Hello', text: 'About your order:' }] }
    ]
  }

  it('are taken over from the template, twice as once', () => {
    const world = new World()
    world.do({ type: 'canned_response.create', ...hello })
    const take = (document: unknown) =>
      world.do({ type: 'canned_response.import', responses: JSON.stringify(document) })
    expect(take(template)).toEqual({ created: 2, updated: 1 })
    expect(take({ data: template })).toEqual({ created: 0, updated: 0 })
    expect(take(template.categories)).toEqual({ created: 0, updated: 0 })
    expect(world.state.tables.canned_response.all().map(({ section, label }) => `${section}/${label}`)).toEqual([
      'General/Hello',
      'General/Bye',
      'Orders/Hello'
    ])
  })

  it('are not taken over in part', () => {
    const world = new World()
    const broken = [...template.categories, { section: 'Broken', responses: [{ label: 'No text' }] }]
    for (const document of [broken, {}, [], { categories: 1 }, 'text'])
      expect(
        world.refusal(() => world.do({ type: 'canned_response.import', responses: JSON.stringify(document) }))
      ).toMatch(/^400\/20001 Responses must be JSON/)
    expect(world.state.tables.canned_response.size).toBe(0)
  })
})
