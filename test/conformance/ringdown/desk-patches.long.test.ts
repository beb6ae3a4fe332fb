import { afterAll, beforeAll, expect, it } from 'vitest'
import { patched } from '../../../packages/desk/src/live/patches.ts'
import type { FeedEvent, WorkerDesk } from '../../../packages/desk/src/live/rows.ts'
import { Dice } from '../../support/dice.ts'
import { type World, world } from '../../support/world.ts'
import { Day } from './day.ts'

/*
 * What a desk makes of the feed by itself is what it would be answered: on a day as dice have it, after each thing that
 * happens, field by field. Where it would ask, it asks here as well.
 */

let here: World
let day: Day
beforeAll(async () => {
  here = await world({ seed: 3 })
  day = await Day.begin(here, new Dice([3, 1, 4, 1]))
}, 60_000)
afterAll(() => here.close())

it('a desk that follows the feed is the desk that it would be answered', async () => {
  const { token, worker_sid } = await signedIn('ada')
  const get = async (path: string) => {
    const { status, body } = await here.call(path, undefined, { headers: { authorization: await token() } })
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const fresh = (): Promise<WorkerDesk> =>
    get(`/ringdown/v1/Workspaces/${day.workspace_sid}/Workers/${worker_sid}/Desk`)
  let desk = await fresh()
  let { cursor } = desk
  /** What was told up to a mark that is set now. */
  const told = async (name: string): Promise<readonly FeedEvent[]> => {
    await day.mark(name)
    const events: FeedEvent[] = []
    while (!events.some(({ type, data }) => type === 'workspace.updated' && data.workspace_name === name)) {
      const page = await get(`/ringdown/v1/Events?cursor=${encodeURIComponent(cursor)}&limit=1000&wait_s=5`)
      cursor = page.cursor
      events.push(...page.events)
    }
    return events
  }
  const seen = { changed: 0, asked: 0, left: 0 }
  for (let turn = 0; turn < 300; turn++) {
    // Every other time somebody writes, or changes what was written.
    await (turn % 2 === 0 ? day.act(1) : day.conversationGoesOn())
    const before = desk
    const events = await told(`turn ${turn}`)
    let isAsked = false
    for (const event of events) {
      const next = patched(desk, event)
      if (next === 'ask') isAsked = true
      else desk = next
    }
    const answer = await fresh()
    seen[isAsked ? 'asked' : desk === before ? 'left' : 'changed']++
    if (isAsked) desk = answer
    else expect(shown(desk), `after ${events.map(({ type }) => type).join(', ')}`).toEqual(shown(answer))
  }
  // It was a day, and the desk did much of it by itself.
  expect(seen.changed).toBeGreaterThan(5)
  expect(seen.left).toBeGreaterThan(20)
  expect(seen.asked).toBeGreaterThan(20)
}, 120_000)

/** What is shown of a desk, without what grows by itself and what only says how new a row is. */
function shown({ worker, reservations, tasks, conversations }: WorkerDesk): object {
  return {
    worker: without(worker, 'version'),
    reservations: reservations.map((one) => without(one, 'version', 'date_updated')),
    tasks: tasks.map((one) => without(one, 'version', 'age', 'date_updated')),
    conversations: conversations.map(({ participants, ...one }) => ({
      ...without(one, 'version', 'date_updated', 'last_messages'),
      // Who answers has read: the page from which they do marks that at once.
      ...(one.last_message?.author === 'ada' && { unread_count: 0, last_read_message_index: null }),
      // How far others have read is told who is in the conversation, and not who is only offered it.
      participants: participants.map((member) => without(member, 'last_read_message_index'))
    }))
  }
}

function without(row: object, ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)))
}

/** Tokens count for minutes, and days have many: there is a new one each time. */
async function signedIn(name: string): Promise<{ token: () => Promise<string>; worker_sid: string }> {
  const { sid: worker_sid } = day.worker(name)
  const user = await here.call('/ringdown/v1/Users', { Username: name, Roles: 'agent', WorkerSid: worker_sid })
  const link = await here.call(`/ringdown/v1/Users/${user.body.sid}/SetupLinks`, {})
  const session = async (path: string, cookie: string, body: object) =>
    fetch(`${here.running.url}/ringdown/v1/Sessions${path}`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', cookie },
      body: JSON.stringify(body)
    })
  const entered = await session('/Setup', '', { secret: link.body.secret, password: 'correct horse battery' })
  const cookie = String(entered.headers.get('set-cookie')).split(';')[0] ?? ''
  const token = async () => {
    const { token: text } = (await (await session('/Current/Token', cookie, {})).json()) as { token: string } // by the contract
    return `Bearer ${text}`
  }
  return { token, worker_sid }
}
