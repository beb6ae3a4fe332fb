import { render } from '@ringdown/engine/events'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import type { Failure, Outcome } from '../delivery.ts'
import { assignmentAnswers, assignmentCallback, instructionOf } from './assignment.ts'

function json(body: unknown, status = 200, type = 'application/json'): Outcome {
  return { status, headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** Two workers are asked at once, by the workflow's own address. */
function floor(params: object = { assignment_callback_url: 'https://a.example/main' }): World {
  const world = new World()
  world.addQueue('Support', { max_reserved_workers: 2 })
  world.addWorkflow('Main', { default_filter: { queue: 'Support' } }, params)
  world.addWorker('Ada', { attributes: { level: 2 } })
  world.addWorker('Bea')
  world.addTask('task', { attributes: { kind: 'call' }, priority: 3 })
  return world
}

async function drafts(world: World) {
  const context = { account_sid: world.state.account_sid, state: world.state, find: () => Promise.resolve([]) }
  const events = world.events('reservation.created').map(render)
  return (await Promise.all(events.map((event) => assignmentCallback.draftsOf(event, context)))).flat()
}

describe('an assignment callback', () => {
  it('asks once for each reservation, with the parameters of reference taskrouter 5.4', async () => {
    const world = floor()
    const [ada, bea, ...others] = await drafts(world)
    expect(others).toEqual([])
    expect(ada).toMatchObject({
      kind: 'assignment_callback',
      receiver_sid: world.workflow('Main').sid,
      message: { method: 'POST', url: 'https://a.example/main' },
      about: { reservation_sid: world.reservation('Ada', 'task').sid }
    })
    expect(ada).not.toHaveProperty('fallback_url')
    expect(bea?.about).toEqual({ reservation_sid: world.reservation('Bea', 'task').sid })
    if (!ada || !('parameters' in ada.message)) throw new Error('it is a form')
    expect(ada.message.parameters).toEqual([
      ['AccountSid', world.state.account_sid],
      ['WorkspaceSid', world.workspace_sid],
      ['WorkflowSid', world.workflow('Main').sid],
      ['TaskQueueSid', world.queue('Support').sid],
      ['WorkerSid', world.worker('Ada').sid],
      ['WorkerAttributes', '{"level":2}'],
      ['TaskSid', world.sid('task')],
      ['TaskAttributes', '{"kind":"call"}'],
      ['TaskAge', '0'],
      ['TaskPriority', '3'],
      ['ReservationSid', world.reservation('Ada', 'task').sid],
      ['Timestamp', String(world.at / 1000)]
    ])
  })

  it('goes to the address that the workflow has when it is read', async () => {
    const world = floor()
    const { workspace_sid } = world
    world.do({
      type: 'workflow.update',
      workspace_sid,
      sid: world.workflow('Main').sid,
      assignment_callback_url: 'https://b.example/',
      fallback_assignment_callback_url: 'https://c.example/'
    })
    expect((await drafts(world))[0]).toMatchObject({
      message: { url: 'https://b.example/' },
      fallback_url: 'https://c.example/'
    })
  })

  it('is not made where there is no address', async () => {
    const world = floor({ fallback_assignment_callback_url: 'https://c.example/' })
    expect([assignmentCallback.isUsed(world.state), assignmentCallback.isUsed(floor().state)]).toEqual([false, true])
    expect(await drafts(world)).toEqual([])
    expect(['reservation.created', 'reservation.accepted'].map((type) => assignmentCallback.wants(type))).toEqual([
      true,
      false
    ])
  })
})

describe('its answer', () => {
  it.each<readonly [string, Outcome, unknown]>([
    ['accept', json({ instruction: 'accept' }), { name: 'accept', fields: { instruction: 'accept' } }],
    ['charset', json({ instruction: 'accept' }, 200, 'Application/JSON; charset=utf-8'), { name: 'accept' }],
    ['fields', json({ instruction: 'reject', activity_sid: 'WA1' }), { fields: { activity_sid: 'WA1' } }],
    ['voice', json({ instruction: 'dequeue' }), { name: 'dequeue' }],
    ['nothing', { status: 200, headers: {}, body: '' }, null],
    ['blanks', json(' \n', 200, 'text/html'), null],
    ['no content', { status: 204, headers: {}, body: '' }, null]
  ])('can be followed: %s', (_, outcome, instruction) => {
    const said = instructionOf(outcome)
    if (instruction === null) expect(said).toEqual({ instruction })
    else expect(said).toMatchObject({ instruction })
    expect(assignmentAnswers.refusal(outcome)).toBeUndefined()
  })

  it.each<readonly [number, Outcome]>([
    [11200, json({ instruction: 'accept' }, 201)],
    [11200, json({ instruction: 'accept' }, 500)],
    [11200, { status: 404, headers: {}, body: '' }],
    [40000, json({ instruction: 'accept' }, 200, 'text/html')],
    [40000, json({ instruction: 'accept' }, 200, 'application/jsonp')],
    [40000, { status: 200, headers: {}, body: '{}' }],
    [40001, json('accept')],
    [40001, json('[{"instruction":"accept"}]')],
    [40001, json('null')],
    [40005, json({})],
    [40005, json({ instruction: '' })],
    [55555, json({ instruction: 'dance' })],
    [55555, json({ instruction: 'supervise' })],
    [55555, json({ instruction: { name: 'accept' } })],
    [55555, json({ instruction: 'constructor' })]
  ])('is an error %d: %j', (code, outcome) => {
    expect(instructionOf(outcome)).toMatchObject({ code })
    expect(assignmentAnswers.refusal(outcome)).toMatch(`${code}: `)
  })

  it.each<readonly [Failure, number]>([
    ['timeout', 11205],
    ['connection', 11205],
    ['redirect', 11215],
    ['too_large', 11750]
  ])('may be missing: %s is %d', (failed, code) => {
    expect(instructionOf({ failed, reason: 'why' })).toEqual({ code, message: 'why' })
  })

  it('is not repeated in the words of the error', () => {
    const refused = assignmentAnswers.refusal(json('my secret'))
    expect(refused).not.toContain('secret')
  })
})

it.each([
  ['ACCEPT', 'accept'],
  ['Reject', 'reject'],
  [' Conference ', 'conference']
])('an instruction %j is %s', (instruction, name) => {
  expect(instructionOf(json({ instruction }))).toEqual({ instruction: { name, fields: { instruction } } })
})
