import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { insightEvents, insightOf } from '@ringdown/engine/insights/insight-event'
import { Insights } from '@ringdown/engine/insights/insights'
import { ours, Switchboard, say, verb } from '@ringdown/engine/testing/switchboard'
import type { World } from '@ringdown/engine/testing/world'
import { Recent } from '@ringdown/server/analytics/recent'
import type { Statistics } from '@ringdown/server/analytics/statistics'
import { metrics } from '@ringdown/server/insights/metrics'
import { Questions } from '@ringdown/server/insights/questions'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { describe, expect, it } from 'vitest'
import { examples, story } from './metric-examples.ts'
import { metricsPage } from './metrics.ts'

/** Lets the story happen. */
function told(): World {
  const world = new Switchboard()
  world.addQueue('Support', { target_workers: 'sales != true' })
  world.addQueue('Sales', { target_workers: 'sales == true' })
  const { sid: workflowSid } = world.addWorkflow(
    'Main',
    {
      filters: [{ expression: 'queue == "Sales"', targets: [{ queue: 'Sales', timeout: 60 }, { queue: 'Support' }] }],
      default_filter: { queue: 'Support' }
    },
    { task_reservation_timeout: 30 }
  )
  world.addWorker('ada', { attributes: { team_name: 'north', contact_uri: 'client:ada' }, activity: 'Offline' })
  world.addWorker('bea', { attributes: { contact_uri: 'client:bea' }, activity: 'Offline' })
  // Whoever waits presses a key to be led to voice mail.
  world.on(verb('Enqueue', { workflowSid, waitUrl: '/wait', action: '/left' }))
  world.page('/wait', [verb('Gather', { action: '/key', numDigits: 1, timeout: 600 })])
  world.page('/key', [verb('Leave')])
  world.page('/left', [say('Leave a message'), verb('Pause', { length: 600 })])
  const { conversation } = world.do({ type: 'conversation.create' })
  const conversation_sid = conversation.sid
  world.do({
    type: 'participant.create',
    conversation_sid,
    messaging_binding_address: '+37255500001',
    messaging_binding_proxy_address: '+3726000'
  })
  world.do({ type: 'participant.create', conversation_sid, identity: 'ada' })
  const { workspace_sid } = world
  const update = (contact: string, change: object) =>
    world.do({ type: 'task.update', workspace_sid, sid: world.sid(contact), ...change })
  const acts: Readonly<Record<string, (...args: string[]) => void>> = {
    move: (worker = '', activity = '') => world.move(worker, activity),
    enter: (contact = '', queue, direction) =>
      world.addTask(contact, {
        attributes: {
          queue,
          conversations: { direction },
          ...(contact === 'F' && { conversationSid: conversation_sid })
        }
      }),
    accept(worker = '', contact = '') {
      world.accept(worker, contact)
    },
    reject: (worker = '', contact = '') => world.reject(worker, contact),
    wrap: (_worker, contact = '') => update(contact, { assignment_status: 'wrapping', reason: 'over' }),
    complete: (worker = '', contact = '') => world.complete(worker, contact),
    cancel: (contact = '') => update(contact, { assignment_status: 'canceled', reason: 'gone' }),
    hold: (contact = '', seconds) =>
      update(contact, {
        attributes: JSON.stringify({
          queue: 'Support',
          conversations: { direction: 'inbound', hold_time: Number(seconds) }
        })
      }),
    transfer(worker = '', contact = '', to = '') {
      world.move(to, 'Available')
      const { sid, task_sid, worker_sid } = world.reservation(worker, contact)
      world.do({
        type: 'transfer.create',
        workspace_sid,
        worker_sid,
        reservation_sid: sid,
        task_sid,
        to: world.worker(to).sid,
        mode: 'WARM'
      })
    },
    customer: () => world.do({ type: 'message.create', conversation_sid, author: '+37255500001', body: '?' }),
    ...callActs(world),
    agent: () => world.do({ type: 'message.create', conversation_sid, author: 'ada', body: '!' })
  }
  let now = 0
  for (const {
    at,
    do: [act, ...args]
  } of story) {
    if (at > now) world.pass(`${at - now} s`)
    now = at
    if (act !== undefined) acts[act]?.(...args)
  }
  return world
}

/** What is done with phones: a customer's is called as the contact is, and an agent's as the agent. */
function callActs(world: Switchboard): Readonly<Record<string, (...args: string[]) => void>> {
  const phoneOf = (name = '') => (name.length > 1 ? `client:${name}` : `+1555000${name.charCodeAt(0)}`)
  for (const name of ['ada', 'bea', 'M']) world.phone(phoneOf(name))
  const reservationOf = (worker: string, status: string) => {
    const found = world.state.tables.reservation
      .list('worker_sid', world.worker(worker).sid)
      .find((row) => row.reservation_status === status)
    if (!found) throw new Error(`${worker} has nothing that is ${status}`)
    return found
  }
  const respond = (worker: string, status: string, change: object) => {
    const { workspace_sid, task_sid, sid } = reservationOf(worker, status)
    world.do({ type: 'reservation.update', workspace_sid, task_sid, sid, ...change })
  }
  return {
    call: (contact) => void world.dial(phoneOf(contact)),
    ring: (worker = '') => respond(worker, 'pending', { instruction: 'conference' }),
    answer: (name) => world.act(phoneOf(name), 'answer'),
    hangUp: (name) => world.act(phoneOf(name), 'hang-up'),
    press: (name) => world.act(phoneOf(name), 'press', '1'),
    finish: (worker = '') => respond(worker, 'wrapping', { reservation_status: 'completed' }),
    holdCall(hold) {
      const conference_sid = world.state.tables.conference.all().at(-1)?.sid ?? ''
      world.do({
        type: 'conference_participant.update',
        ...{ conference_sid, call_sid: 'customer', hold: hold === 'true' }
      })
    },
    callBack: (contact = '') =>
      void world.addTask(contact, {
        attributes: { queue: 'Support', direction: 'outbound', outbound_to: phoneOf(contact), from: ours }
      })
  }
}

/** Figures of a story that is in memory alone. */
async function figuresOf(world: World, asked: object): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-metrics-'))
  const store = await openStore({ schema, data: folder })
  try {
    await store.migrate()
    const insights = new Insights()
    for (const event of world.events()) if (insightEvents.has(event.type)) insights.move(insightOf(event))
    const account = {
      state: world.state,
      account_sid: world.state.account_sid,
      reading: <T>(work: () => Promise<T>) => work()
    }
    const statistics = { account, upToDate: async () => new Recent(0, [], insights), keptText: <T>(text: T) => text }
    const questions = new Questions({ store, statistics: statistics as unknown as Statistics, query_s: 10 }) // as: no more of it is asked
    return (await questions.report({ from: 'PT1H', ...asked }, world.at)).rows[0] ?? {}
  } finally {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
}

describe('the catalogue of metrics', () => {
  it('has an example for each, and comes to what it says', async () => {
    expect(Object.keys(examples)).toEqual([...metrics.keys()])
    const found = await figuresOf(told(), { metrics: [...metrics.keys()] })
    const rounded = (value: unknown) => (typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value)
    expect(Object.fromEntries(Object.entries(found).map(([name, value]) => [name, rounded(value)]))).toEqual(
      Object.fromEntries(Object.entries(examples).map(([name, [value]]) => [name, rounded(value)]))
    )
  })

  it('is described in docs/metrics.md', async () => {
    await expect(metricsPage()).toMatchFileSnapshot('../docs/metrics.md')
  })
})
