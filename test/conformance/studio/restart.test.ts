import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Row } from '@ringdown/engine/core/row'
import { ask, definition, say, trigger, widget } from '@ringdown/engine/testing/flows'
import { replay } from '@ringdown/server/commit/replay'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'

let data: string
let world: World
let acme: Receiver
const open = async () => {
  world = await opened({ data, journal: true })
}
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'ringdown-studio-'))
  await open()
  acme = await receiver({ auth_token: world.running.credentials.auth_token })
})
afterEach(async () => {
  await world.close()
  await acme.close()
  await rm(data, { recursive: true, force: true })
})

/** Asks for a name, looks it up, and says what was found. */
const bot = (url: string) =>
  definition([
    trigger({ incomingConversationMessage: 'ask' }),
    ask('ask', 'Name?', 'look'),
    widget(
      'look',
      'make-http-request',
      { success: 'tell', failed: 'sorry' },
      {
        method: 'POST',
        url,
        content_type: 'application/json;charset=utf-8',
        body: '{"name":{{widgets.ask.inbound.Body | to_json}}}'
      }
    ),
    say('tell', 'You are {{widgets.look.parsed.who}}.'),
    say('sorry', 'Who are you?')
  ])

async function begun() {
  const { client } = world
  const flow = await client.studio.v2.flows.create({
    friendlyName: 'Bot',
    status: 'published',
    definition: bot(`${acme.url}/look`)
  })
  const chat = await client.conversations.v1.conversations.create()
  const room = client.conversations.v1.conversations(chat.sid)
  await room.participants.create({ identity: 'ana' })
  await room.webhooks.create({ target: 'studio', 'configuration.flowSid': flow.sid })
  return { flow: flow.sid, chat: chat.sid }
}

const write = (chat: string, body: string) =>
  world.client.conversations.v1
    .conversations(chat)
    .messages.create({ author: 'ana', body, xTwilioWebhookEnabled: 'true' })
const said = async (chat: string) =>
  (await world.client.conversations.v1.conversations(chat).messages.list()).map(({ body }) => body)

describe('a server that is stopped in the middle of a flow', () => {
  it('goes on: while a customer thinks, and while an address is asked', async () => {
    const { flow, chat } = await begun()
    await write(chat, 'hi')
    await world.close()
    await open()
    acme.answer('/look', [{ delay_ms: 60_000 }, { body: { who: 'Ana of Tallinn' } }])
    await write(chat, 'Ana')
    // Asked, and not answered: what was under way is asked again, under the same token.
    await acme.until((requests) => requests.length === 1)
    await world.running.close()
    await open()
    await world.pass(5)
    expect(await said(chat)).toEqual(['hi', 'Name?', 'Ana', 'You are Ana of Tallinn.'])
    const asked = acme.to('/look')
    expect(asked.map(({ json, isSigned }) => [json, isSigned])).toEqual([
      [{ name: 'Ana' }, true],
      [{ name: 'Ana' }, true]
    ])
    expect(new Set(asked.map(({ token }) => token)).size).toBe(1)
    const [execution] = await world.client.studio.v2.flows(flow).executions.list()
    const steps = await world.client.studio.v2.flows(flow).executions(String(execution?.sid)).steps.list()
    expect(steps.map((step) => step.transitionedTo)).toEqual(['ask', 'look', 'tell', 'Ended'])
    const { account_sid } = world.running.credentials
    await world.close()
    // The journal, decided anew, gives the same rows to the byte.
    const store = await openStore({ schema, data })
    try {
      const state = await replay(store, account_sid)
      const rows = await store.find<Row>(account_sid, 'execution_step', {
        execution_sid: String(execution?.sid)
      })
      for (const row of rows)
        expect(JSON.stringify(state.find('execution_step', String(row.sid)))).toBe(JSON.stringify(row))
      expect(rows).toHaveLength(4)
    } finally {
      await store.close()
    }
    await open()
    expect((await world.client.studio.v2.flows(flow).executions.list()).map(({ status }) => status)).toEqual(['ended'])
    expect(await said(chat)).toEqual(['hi', 'Name?', 'Ana', 'You are Ana of Tallinn.'])
  })
})
