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
  readonly task_sid: string | undefined
  readonly conversation_sid: string | undefined
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

const customer = { address: '+33600000001', proxy_address: '+15005550006', name: 'Ana' }

/** Seeds the contact center into the Flex workspace, unless it is there already. */
export async function seedDemo(place: Place): Promise<Demo> {
  const api = client(place)
  const configuration = await api.get('/flex-api/v1/Configuration')
  const workspace_sid = String(configuration.taskrouter_workspace_sid)
  const workspace = `/taskrouter/v1/Workspaces/${workspace_sid}`
  const known = (await api.get(`${workspace}/Workflows?FriendlyName=Demo`)).workflows as unknown[]
  if (known.length > 0) {
    const waiting = (await api.get(`${workspace}/Tasks?AssignmentStatus=pending,reserved&PageSize=1`)).tasks as {
      sid: string
      attributes: string
    }[]
    const task = waiting[0]
    const conversation = task && (JSON.parse(task.attributes) as { conversationSid?: string }).conversationSid
    return { isFresh: false, workspace_sid, task_sid: task?.sid, conversation_sid: conversation }
  }
  /** What has the name already is taken as it is: somebody's own, or left by a start that was cut short. */
  const named = async (kind: 'TaskQueues' | 'Workers', form: { FriendlyName: string } & Record<string, string>) => {
    const list = kind === 'Workers' ? 'workers' : 'task_queues'
    const found = await api.get(`${workspace}/${kind}?FriendlyName=${encodeURIComponent(form.FriendlyName)}`)
    const [known] = found[list] as { sid: string }[]
    return known ?? ((await api.post(`${workspace}/${kind}`, form)) as { sid: string })
  }
  const sids: Record<string, string> = {}
  for (const [FriendlyName, TargetWorkers] of queues) {
    sids[FriendlyName] = (await named('TaskQueues', { FriendlyName, TargetWorkers })).sid
  }
  for (const [name, attributes] of people) {
    const Attributes = JSON.stringify({ ...attributes, contact_uri: `client:${name}` })
    const worker = await named('Workers', { FriendlyName: name, Attributes })
    await api.post(`${workspace}/Workers/${worker.sid}/Channels/chat`, { Capacity: '3' })
    await api.post(`${workspace}/Workers/${worker.sid}/Channels/sms`, { Capacity: '3' })
  }
  const workflow = await api.post(`${workspace}/Workflows`, {
    FriendlyName: 'Demo',
    Configuration: JSON.stringify(routing(sids)),
    TaskReservationTimeout: '60'
  })
  const conversation = await api.post('/conversations/v1/Conversations', { FriendlyName: customer.name })
  const conversation_sid = String(conversation.sid)
  await api.post(`/conversations/v1/Conversations/${conversation_sid}/Participants`, {
    'MessagingBinding.Address': customer.address,
    'MessagingBinding.ProxyAddress': customer.proxy_address
  })
  await api.post(`/conversations/v1/Conversations/${conversation_sid}/Messages`, {
    Author: customer.address,
    Body: 'Bonjour, ma commande 1234 est arrivée cassée. Que puis-je faire ?'
  })
  const interaction = await api.post('/flex-api/v1/Interactions', {
    Channel: JSON.stringify({
      type: 'sms',
      initiated_by: 'customer',
      properties: { media_channel_sid: conversation_sid }
    }),
    Routing: JSON.stringify({
      properties: {
        workspace_sid,
        workflow_sid: workflow.sid,
        task_channel_unique_name: 'sms',
        attributes: { topic: 'support', language: 'fr', customerName: customer.name }
      }
    })
  })
  const routed = interaction.routing as { properties?: { sid?: string } } | null
  return { isFresh: true, workspace_sid, task_sid: routed?.properties?.sid, conversation_sid }
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

type Answer = Record<string, unknown>

function client({ url, account_sid, auth_token }: Place) {
  const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, { ...init, headers: { authorization } })
    const answer = (await response.json()) as Answer
    if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${String(answer.message)}`)
    return answer
  }
  return {
    get: (path: string) => call(path, {}),
    post: (path: string, form: Record<string, unknown>) =>
      call(path, { method: 'POST', body: new URLSearchParams(form as Record<string, string>) })
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
    ? 'A customer is waiting: Ana wrote in French about a broken order.'
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

With an AI agent, over MCP (in the client's configuration):
  ${JSON.stringify(agent)}
  or over HTTP: ${url}/mcp with the same credentials
  Then ask it: "Bring amelie online, let her answer ${isFresh ? 'Ana' : 'whoever waits'}, and finish the contact."
`
}
