import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ask, definition, trigger, widget } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'
import { type Receiver, receiver } from '../support/receiver.ts'

/*
 * The plug is pulled while a flow chats with several customers at once and looks up what each has said. No step is lost,
 * none is taken twice, and every message of a customer is answered once, by what it said.
 */

const { auth_token } = credentials
const ours = '+15005550006'
const customers = 5

let folder: string
let server: Started
let acme: Receiver

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-flows-'))
  acme = await receiver({ auth_token })
  server = await begun()
})
afterAll(async () => {
  await server.kill()
  await acme.close()
  await rm(folder, { recursive: true, force: true })
})

const begun = () => started(['--data', folder, '--allow-private-destinations'])

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const call: Started['call'] = (...asked) => server.call(...asked)

/** All pages of a list. */
async function all(path: string, key: string): Promise<Answer[]> {
  const found: Answer[] = []
  for (let page = path; ; ) {
    const answer = await call(page)
    found.push(...answer[key])
    if (answer.meta.next_page_url === null) return found
    const { pathname, search } = new URL(answer.meta.next_page_url)
    page = pathname + search
  }
}

const bodies = async (phone: string, direction: 'received' | 'written'): Promise<string[]> =>
  (await all(`/ringdown/v1/Phones/${phone}/Messages?PageSize=1000&Direction=${direction}`, 'phone_messages')).map(
    ({ body }) => body
  )

/** Repeats what fails because the server is away. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await act()
    } catch {
      await delay(20)
    }
}

it('answers each message once, whenever it is killed', async () => {
  const flow = await call('/studio/v2/Flows', {
    FriendlyName: 'Echo',
    Status: 'published',
    Definition: definition([
      trigger({ incomingConversationMessage: 'ask' }),
      ask('ask', 'got {{widgets.ask.inbound.Body | default: "nothing"}} {{widgets.look.status_code}}', 'look'),
      widget(
        'look',
        'make-http-request',
        { success: 'ask', failed: 'ask' },
        {
          method: 'GET',
          content_type: 'text/plain',
          url: `${acme.url}/look`,
          parameters: [{ key: 'said', value: '{{widgets.ask.inbound.Body}}' }]
        }
      )
    ])
  })
  await call('/conversations/v1/Configuration/Addresses', {
    Type: 'sms',
    Address: ours,
    'AutoCreation.Enabled': 'true',
    'AutoCreation.Type': 'studio',
    'AutoCreation.StudioFlowSid': flow.sid
  })
  const phones: string[] = []
  for (let n = 0; n < customers; n++)
    phones.push((await call('/ringdown/v1/Phones', { Address: `+3360000000${n}` })).sid)

  let isOver = false
  let rounds = 0
  /** Writes, waits for its answer, and writes again; what was on its way when the server died it writes only if that did not arrive. */
  const chat = async (phone: string): Promise<number> => {
    for (let n = 0; ; n++) {
      const body = `w${n}`
      await patiently(async () => {
        if (!(await bodies(phone, 'written')).includes(body))
          await call(`/ringdown/v1/Phones/${phone}/Messages`, { To: ours, Body: body })
      })
      const answer = n === 0 ? 'got nothing ' : `got ${body} 200`
      await patiently(async () => {
        if (!(await bodies(phone, 'received')).includes(answer)) throw new Error('not yet')
      })
      rounds++
      if (isOver) return n + 1
    }
  }
  const chats = phones.map(chat)
  for (const ms of [60, 131, 17]) {
    for (const before = rounds; rounds < before + 2 * customers; ) await delay(10)
    await delay(ms)
    await server.kill()
    server = await begun()
  }
  isOver = true
  const written = await Promise.all(chats)
  expect(rounds).toBeGreaterThan(6 * customers)

  const executions = await all(`/studio/v2/Flows/${flow.sid}/Executions`, 'executions')
  expect(executions.map(({ status }) => status)).toEqual(Array(customers).fill('active'))
  const steps = await Promise.all(
    executions.map(({ sid }) => all(`/studio/v2/Flows/${flow.sid}/Executions/${sid}/Steps?PageSize=1000`, 'steps'))
  )
  // The trigger's, and two for each message after the first.
  expect(steps.map(({ length }) => length).sort()).toEqual(written.map((times) => 1 + 2 * (times - 1)).sort())
  for (const one of steps)
    expect(one.map(({ transitioned_from, transitioned_to }) => `${transitioned_from} ${transitioned_to}`)).toEqual(
      one.map((_, place) => (place === 0 ? 'Trigger ask' : place % 2 === 1 ? 'ask look' : 'look ask'))
    )
  for (const [place, phone] of phones.entries()) {
    const answers = [
      'got nothing ',
      ...Array.from({ length: (written[place] ?? 0) - 1 }, (_, n) => `got w${n + 1} 200`)
    ]
    expect(await bodies(phone, 'received')).toEqual(answers)
  }
}, 120_000)
