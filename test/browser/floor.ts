import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StartOptions } from '@ringdown/server/start'
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core'
import { type World, world } from '../support/world.ts'
import { patience_ms } from './patience.ts'

/*
 * A contact center for tests in a browser: a server on the test clock, Amelie and Bob who speak French and English, Nora who
 * leads, and customers who write.
 */

export interface Floor {
  readonly ringdown: World
  readonly workspace_sid: string
  readonly workflow_sid: string
  readonly workers: Readonly<Record<string, string>>
  readonly activities: Readonly<Record<string, string>>
  /** A page of somebody who has signed in; each has a browser of its own. */
  open(name: string, options?: Parameters<Browser['newContext']>[0]): Promise<Page>
  /** A customer writes by SMS, and waits; answers the conversation and the task. */
  contact(customer: Customer): Promise<Contact>
  /** Makes a place for web chat, whose tasks are for Support; answers its key. */
  shop(params?: Record<string, string | string[]>): Promise<string>
  /** A page of a visitor, with a browser of its own. */
  visit(url: string, options?: Parameters<Browser['newContext']>[0]): Promise<Page>
  /** The customer writes once more. */
  says(contact: Contact, body: string): Promise<void>
  close(): Promise<void>
}

export interface Customer {
  readonly name: string
  readonly address: string
  readonly text: string
  readonly language?: string
}

export interface Contact {
  readonly conversation_sid: string
  readonly task_sid: string
  readonly address: string
}

const password = 'a long enough password'
const business = '+15005550006'

/** Once for all tests of a process. */
let building: Promise<void> | undefined

type Builds = typeof import('../../tools/desk.mjs')

/** The program that builds, which is not compiled: it is where everything is run from. */
export async function builds(): Promise<Builds> {
  return import(pathToFileURL(resolve('tools', 'desk.mjs')).href)
}

async function built(): Promise<void> {
  const all = await builds()
  if (all.isDeskStale()) await all.buildDesk()
  if (all.isWebchatStale()) await all.buildWebchat()
}

/** @param more - how its server is started, beside what every floor's is. */
export async function floor(browser: Browser, more: Partial<StartOptions> = {}): Promise<Floor> {
  building ??= built()
  await building
  const [desk, webchat] = ['desk', 'webchat'].map((name) => resolve('packages', name, 'dist'))
  return floorIn(await world({ desk, webchat, ...more }), browser)
}

/** The same on a server that is there already. */
export async function floorIn(ringdown: World, browser: Browser): Promise<Floor> {
  building ??= built()
  await building
  const call = async (path: string, form: Record<string, string | string[]>) => {
    const { status, body } = await ringdown.call(path, form)
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }
  const configuration = await ringdown.call('/flex-api/v1/Configuration')
  const workspace_sid: string = configuration.body.taskrouter_workspace_sid
  const base = `/taskrouter/v1/Workspaces/${workspace_sid}`
  const queue = await call(`${base}/TaskQueues`, { FriendlyName: 'Support', TargetWorkers: "skills HAS 'support'" })
  await call(`${base}/TaskQueues`, { FriendlyName: 'Billing', TargetWorkers: "skills HAS 'billing'" })
  const workflow = await call(`${base}/Workflows`, {
    FriendlyName: 'Everything',
    TaskReservationTimeout: '60',
    Configuration: JSON.stringify({
      task_routing: {
        filters: [
          {
            filter_friendly_name: 'support',
            expression: "topic == 'support'",
            targets: [{ queue: queue.sid, timeout: 300 }]
          }
        ],
        default_filter: { queue: queue.sid }
      }
    })
  })
  const workers: Record<string, string> = {}
  for (const [name, role] of [
    ['amelie', 'agent'],
    ['bob', 'agent'],
    ['nora', 'supervisor']
  ] as const) {
    const attributes = { skills: role === 'agent' ? ['support', 'billing'] : [], contact_uri: `client:${name}` }
    const worker = await call(`${base}/Workers`, { FriendlyName: name, Attributes: JSON.stringify(attributes) })
    workers[name] = worker.sid
    for (const channel of ['chat', 'sms'])
      await call(`${base}/Workers/${worker.sid}/Channels/${channel}`, { Capacity: '3' })
    await call('/ringdown/v1/Users', { Username: name, Roles: role, WorkerSid: worker.sid })
  }
  const listed = await ringdown.call(`${base}/Activities`)
  const activities = Object.fromEntries(
    listed.body.activities.map(({ friendly_name, sid }: { friendly_name: string; sid: string }) => [friendly_name, sid])
  )
  await call('/ringdown/v1/CannedResponses', {
    Section: 'General',
    Label: 'Greeting',
    Text: 'Bonjour, je regarde cela tout de suite.',
    Shortcut: 'hello'
  })
  const contexts: BrowserContext[] = []
  const opened = async (options: Parameters<Browser['newContext']>[0]) => {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-GB',
      timezoneId: 'UTC',
      ...options
    })
    contexts.push(context)
    context.setDefaultTimeout(patience_ms)
    return context.newPage()
  }
  return {
    ringdown,
    workspace_sid,
    workflow_sid: workflow.sid,
    workers,
    activities,
    async open(name, options = {}) {
      const page = await opened(options)
      const users = await ringdown.call('/ringdown/v1/Users')
      const user = users.body.users.find((one: { username: string }) => one.username === name)
      const { secret } = await call(`/ringdown/v1/Users/${user.sid}/SetupLinks`, {})
      await page.goto(`${ringdown.running.url}/desk/setup#${secret}`)
      // In whichever language the page is.
      await page.locator('input[name=password]').fill(password)
      await page.getByRole('button').click()
      await page.getByRole('navigation').waitFor()
      return page
    },
    async shop(params = {}) {
      await call('/flex-api/v1/FlexFlows', {
        FriendlyName: 'Shop',
        ChatServiceSid: configuration.body.chat_service_instance_sid,
        ChannelType: 'web',
        ContactIdentity: 'shop',
        Enabled: 'true',
        IntegrationType: 'task',
        'Integration.WorkspaceSid': workspace_sid,
        'Integration.WorkflowSid': workflow.sid,
        'Integration.Channel': 'chat'
      })
      const { address_configurations } = await ringdown
        .call('/conversations/v1/Configuration/Addresses?Type=chat')
        .then(({ body }) => body)
      const { sid } = await call('/ringdown/v1/Webchat/Deployments', {
        FriendlyName: 'Lamps & Light',
        AddressSid: address_configurations[0].sid,
        Theme: JSON.stringify({ accent: '#a2492b' }),
        Texts: JSON.stringify({ title: 'Lamps & Light' }),
        Limits: JSON.stringify({ chats_per_hour: 1000 }),
        ...params
      })
      return sid
    },
    async visit(url, options = {}) {
      const page = await opened(options)
      await page.goto(url)
      return page
    },
    async contact({ name, address, text, language = 'fr' }) {
      const conversation = await call('/conversations/v1/Conversations', { FriendlyName: name })
      const path = `/conversations/v1/Conversations/${conversation.sid}`
      await call(`${path}/Participants`, {
        'MessagingBinding.Address': address,
        'MessagingBinding.ProxyAddress': business
      })
      await call(`${path}/Messages`, { Author: address, Body: text })
      const interaction = await call('/flex-api/v1/Interactions', {
        Channel: JSON.stringify({
          type: 'sms',
          initiated_by: 'customer',
          properties: { media_channel_sid: conversation.sid }
        }),
        Routing: JSON.stringify({
          properties: {
            workspace_sid,
            workflow_sid: workflow.sid,
            task_channel_unique_name: 'sms',
            attributes: { topic: 'support', language, customerName: name }
          }
        })
      })
      return { conversation_sid: conversation.sid, task_sid: interaction.routing.properties.sid, address }
    },
    async says({ conversation_sid, address }, body) {
      await call(`/conversations/v1/Conversations/${conversation_sid}/Messages`, { Author: address, Body: body })
    },
    async close() {
      for (const context of contexts) await context.close()
      await ringdown.close()
    }
  }
}

/** The frame of web chat in a page: its launcher stands where no page can look in. */
export async function chatOf(page: Page): Promise<Frame> {
  for (let waited_ms = 0; waited_ms < patience_ms; waited_ms += 50) {
    const frame = page.frames().find((one) => one.url().includes('/webchat/frame'))
    if (frame) return frame
    await page.waitForTimeout(50)
  }
  throw new Error('there is no frame of web chat')
}
