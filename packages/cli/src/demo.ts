import { basic, Client } from '@ringdown/client/client'
import { seedFlows } from './demo-flows.ts'
import { seedShop } from './demo-shop.ts'

/*
 * A small contact center to look at: three queues, six people with languages and skills, a workflow that escalates, and
 * a customer who waits. Made through the public API, like everything that a client does.
 */

export interface Place {
  readonly url: string
  readonly account_sid: string
  readonly auth_token: string
}

export interface Demo {
  /** It was made just now. */
  readonly isFresh: boolean
  readonly workspace_sid: string
  /** The task that waits longest; undefined where none does. */
  readonly task_sid: string | undefined
  /** Of the made-up shop's web chat. */
  readonly webchat_key: string
}

const queues = [
  ['Support', "skills HAS 'support'"],
  ['Sales', "skills HAS 'sales'"],
  ['Billing', "skills HAS 'billing'"]
] as const

const people = [
  ['amelie', { languages: ['fr', 'en'], skills: ['support', 'billing'], level: 3 }],
  ['bob', { languages: ['en'], skills: ['support'], level: 2 }],
  ['carla', { languages: ['es', 'en'], skills: ['sales', 'support'], level: 3 }],
  ['deniz', { languages: ['tr', 'de'], skills: ['sales'], level: 1 }],
  ['emil', { languages: ['de', 'en'], skills: ['billing'], level: 2 }],
  ['fatou', { languages: ['fr', 'wo'], skills: ['support', 'sales'], level: 1 }]
] as const

const customer = { address: 'whatsapp:+33600000001', proxy_address: 'whatsapp:+15005550006', name: 'Ana' }

/** Seeds the contact center into the Flex workspace, unless it is there already. */
export async function seedDemo({ url, account_sid, auth_token }: Place): Promise<Demo> {
  const client = new Client({ url, authorization: basic(account_sid, auth_token) })
  const { taskrouter_workspace_sid } = await client.call('flex_v1.FetchConfiguration', {})
  const workspace_sid = String(taskrouter_workspace_sid)
  const path = { workspace_sid }
  const { workflows } = await client.call('taskrouter_v1.ListWorkflow', { path, params: { friendly_name: 'Demo' } })
  const isFresh = workflows.length === 0
  if (isFresh) {
    const workflow_sid = await floor(client, workspace_sid)
    await seedFlows(client, { workflow_sid, task_channel: 'sms' })
    await contact(client, workspace_sid, workflow_sid)
  }
  const webchat_key = await seedShop(client, workspace_sid)
  const waiting = { assignment_status: ['pending', 'reserved'] } as const
  const { tasks } = await client.call('taskrouter_v1.ListTask', { path, params: waiting })
  return { isFresh, workspace_sid, task_sid: tasks[0]?.sid ?? undefined, webchat_key }
}

/** Makes queues, people and the workflow, and answers its SID. What has a name already is taken as it is. */
async function floor(client: Client, workspace_sid: string): Promise<string> {
  const path = { workspace_sid }
  const sids: Record<string, string> = {}
  for (const [friendly_name, target_workers] of queues) {
    const { task_queues } = await client.call('taskrouter_v1.ListTaskQueue', { path, params: { friendly_name } })
    const params = { friendly_name, target_workers }
    const queue = task_queues[0] ?? (await client.call('taskrouter_v1.CreateTaskQueue', { path, params }))
    sids[friendly_name] = String(queue.sid)
  }
  for (const [friendly_name, known] of people) {
    const { workers } = await client.call('taskrouter_v1.ListWorker', { path, params: { friendly_name } })
    const attributes = JSON.stringify({ ...known, contact_uri: `client:${friendly_name}` })
    const params = { friendly_name, attributes }
    const worker = workers[0] ?? (await client.call('taskrouter_v1.CreateWorker', { path, params }))
    for (const sid of ['chat', 'sms']) {
      const channel = { ...path, worker_sid: String(worker.sid), sid }
      await client.call('taskrouter_v1.UpdateWorkerChannel', { path: channel, params: { capacity: 3 } })
    }
  }
  const workflow = await client.call('taskrouter_v1.CreateWorkflow', {
    path,
    params: { friendly_name: 'Demo', configuration: JSON.stringify(routing(sids)), task_reservation_timeout: 60 }
  })
  return String(workflow.sid)
}

/**
 * A customer writes by her virtual phone, and waits for somebody of Sales: at Amelie's desk the first who ring are those whom
 * somebody plays on the shop's page.
 */
async function contact(client: Client, workspace_sid: string, workflow_sid: string): Promise<void> {
  await listen(client)
  const path = { phone_sid: await phoneOf(client) }
  const body = 'Bonjour, la lampe Brume existe-t-elle en bleu ? Je voudrais en commander deux.'
  const written = await client.call('ringdown_v1.CreatePhoneMessage', {
    path,
    params: { to: customer.proxy_address, body, profile_name: customer.name }
  })
  await client.call('flex_v1.CreateInteraction', {
    params: {
      channel: {
        type: 'whatsapp',
        initiated_by: 'customer',
        properties: { media_channel_sid: written.conversation_sid }
      },
      routing: {
        properties: {
          workspace_sid,
          workflow_sid,
          task_channel_unique_name: 'chat',
          attributes: { topic: 'sales', language: 'fr', customerName: customer.name }
        }
      }
    }
  })
}

/** What comes to the demo's number becomes conversations. */
async function listen(client: Client): Promise<void> {
  const address = customer.proxy_address
  const { address_configurations } = await client.call('conversations_v1.ListConfigurationAddress', {
    params: { type: 'whatsapp' }
  })
  if (address_configurations.some((one) => one.address === address)) return
  await client.call('conversations_v1.CreateConfigurationAddress', {
    params: { type: 'whatsapp', address, friendly_name: 'Demo', auto_creation_enabled: true }
  })
}

async function phoneOf(client: Client): Promise<string> {
  const { address, name: friendly_name } = customer
  const { phones } = await client.call('ringdown_v1.ListPhone', { params: { address } })
  const [phone = await client.call('ringdown_v1.CreatePhone', { params: { address, friendly_name } })] = phones
  return phone.sid
}

/** By topic; first somebody who speaks the language, after two minutes anybody, after ten with the highest priority. */
function routing(sids: Record<string, string>) {
  const filter = (topic: string, queue: string | undefined) => ({
    filter_friendly_name: topic,
    expression: `topic == '${topic}'`,
    targets: [
      { queue, expression: 'worker.languages HAS task.language', order_by: 'worker.level DESC', timeout: 120 },
      { queue, priority: 10, timeout: 480 },
      { queue: sids.Support, priority: 100 }
    ]
  })
  return {
    task_routing: {
      filters: [filter('support', sids.Support), filter('sales', sids.Sales), filter('billing', sids.Billing)],
      default_filter: { queue: sids.Support }
    }
  }
}

/** What the terminal shows: where everything is, and three ways to try it. `agent` is an MCP client's configuration. */
export function whatToTry(
  { url, account_sid, auth_token }: Place,
  { isFresh, workspace_sid, task_sid }: Demo,
  agent: object
): string {
  const tasks = `${url}/taskrouter/v1/Workspaces/${workspace_sid}/Tasks`
  const again = task_sid ? `task ${task_sid} is waiting` : 'nobody is waiting any more'
  const found = isFresh
    ? 'A customer is waiting for somebody of Sales: Ana wrote on WhatsApp, in French, about two lamps.'
    : `The demo is here already, as it was left, and ${again}; a fresh --data folder begins anew.`
  return `
${found}
Queues Support, Sales and Billing; amelie, bob, carla, deniz, emil and fatou work here${isFresh ? ', and begin Offline' : ''}.

With curl:
  curl -u ${account_sid}:${auth_token} ${tasks}${task_sid ? `/${task_sid}` : ''}

With the official SDK (a .mjs file in this folder; one line differs from Twilio):
  import twilio from 'twilio'
  import { ringdown } from 'ringdown/twilio'
  const client = twilio('${account_sid}', '${auth_token}', { httpClient: ringdown({ url: '${url}' }) })
  console.log(await client.taskrouter.v1.workspaces('${workspace_sid}').tasks.list())

As Ana, by her virtual phone (in another terminal; what fatou answers shows there):
  ringdown phone ${customer.address.slice('whatsapp:'.length)} --whatsapp --name ${customer.name} --url ${url}

With an AI agent, over MCP (in the client's configuration):
  ${JSON.stringify(agent)}
  or over HTTP: ${url}/mcp with the same credentials
  Then ask it: "Bring fatou online, let her answer ${isFresh ? 'Ana' : 'whoever waits'}, and finish the contact."
`
}
