import { type Backend, ringdownBackend, twilioBackend } from '@ringdown/mcp/backend'
import type { McpServerOptions } from '@ringdown/mcp/server'
import type { StartOptions } from '@ringdown/server/start'
import { onTestFinished } from 'vitest'
import { type World, world } from '../support/world.ts'
import { connected } from './agent.ts'
import { Wire } from './wire.ts'

type Workspace = ReturnType<World['client']['taskrouter']['v1']['workspaces']>
type TaskParams = Parameters<Workspace['tasks']['create']>[0] & object

/** French tasks go to Support, all others to Billing. */
export function routing(queues: Readonly<Record<'Support' | 'Billing', string>>): object {
  const filter = {
    filter_friendly_name: 'French',
    expression: "language == 'fr'",
    targets: [{ queue: queues.Support }]
  }
  return { task_routing: { filters: [filter], default_filter: { queue: queues.Billing } } }
}

/**
 * A small contact center on a server of its own, the same people in every story: amelie, available, speaks French; bob,
 * offline, knows billing. The Flex workspace is called Flex, its workflow Default leads to Support and Billing.
 */
export class Center {
  readonly world: World
  readonly workspace: Workspace
  readonly workspaceSid: string
  /** SIDs by name. */
  readonly activities: Readonly<Record<'Available' | 'Break' | 'Offline', string>>
  readonly queues: Readonly<Record<'Support' | 'Billing', string>>
  readonly workers: Readonly<Record<'amelie' | 'bob', string>>
  readonly workflow: string

  private constructor(
    parts: Pick<Center, 'world' | 'workspace' | 'workspaceSid' | 'activities' | 'queues' | 'workers' | 'workflow'>
  ) {
    this.world = parts.world
    this.workspace = parts.workspace
    this.workspaceSid = parts.workspaceSid
    this.activities = parts.activities
    this.queues = parts.queues
    this.workers = parts.workers
    this.workflow = parts.workflow
  }

  static async open(options: Partial<StartOptions> = {}): Promise<Center> {
    const ringdown = await world(options)
    const { client } = ringdown
    const { taskrouterWorkspaceSid } = await client.flexApi.v1.configuration().fetch()
    const workspace = client.taskrouter.v1.workspaces(taskrouterWorkspaceSid)
    const [activities, [workflow], [everyone]] = await Promise.all([
      workspace.activities.list(),
      workspace.workflows.list(),
      workspace.taskQueues.list(),
      workspace.update({ friendlyName: 'Flex' })
    ])
    const activity = (name: string) => activities.find(({ friendlyName }) => friendlyName === name)?.sid ?? ''
    const named = { Available: activity('Available'), Break: activity('Unavailable'), Offline: activity('Offline') }
    if (!workflow || !everyone) throw new Error('a new account has a workflow and a queue')
    const worker = async (friendlyName: string, activitySid: string, attributes: object) =>
      (await workspace.workers.create({ friendlyName, activitySid, attributes: JSON.stringify(attributes) })).sid
    const amelie = await worker('amelie', named.Available, { languages: 'fr', contact_uri: 'client:amelie' })
    const bob = await worker('bob', named.Offline, { languages: 'en', skill: 'billing' })
    await workspace.activities(named.Break).update({ friendlyName: 'Break' })
    await workspace.taskQueues(everyone.sid).update({ friendlyName: 'Support' })
    const billing = await workspace.taskQueues.create({ friendlyName: 'Billing', targetWorkers: "skill == 'billing'" })
    const queues = { Support: everyone.sid, Billing: billing.sid }
    const configuration = JSON.stringify(routing(queues))
    await workspace.workflows(workflow.sid).update({ friendlyName: 'Default', configuration })
    const workers = { amelie, bob }
    return new Center({
      world: ringdown,
      workspace,
      workspaceSid: taskrouterWorkspaceSid,
      activities: named,
      queues,
      workers,
      workflow: workflow.sid
    })
  }

  /** A task by the workflow; in French it is offered to amelie at once, else nobody is there for it. */
  async task(attributes: object = {}, params: TaskParams = {}): Promise<string> {
    return (
      await this.workspace.tasks.create({
        attributes: JSON.stringify(attributes),
        workflowSid: this.workflow,
        ...params
      })
    ).sid
  }

  /** A task that is offered to amelie, and its reservation. */
  async offer(attributes: object = {}): Promise<{ readonly task: string; readonly reservation: string }> {
    const task = await this.task({ language: 'fr', ...attributes })
    const [offered] = await this.workspace.tasks(task).reservations.list({ reservationStatus: 'pending' })
    if (!offered) throw new Error('nobody is free')
    return { task, reservation: offered.sid }
  }

  /** A task that amelie has accepted. */
  async held(attributes: object = {}): Promise<string> {
    const { task, reservation } = await this.offer(attributes)
    await this.workspace.tasks(task).reservations(reservation).update({ reservationStatus: 'accepted' })
    return task
  }

  /** A conversation of a customer's number with ours, in which both have written. */
  async conversation(uniqueName: string, customer = '+33600000001'): Promise<string> {
    const { conversations } = this.world.client.conversations.v1
    const made = await conversations.create({
      friendlyName: `${uniqueName} on SMS`,
      uniqueName,
      attributes: '{"lang":"fr"}'
    })
    const inside = conversations(made.sid)
    const binding = { 'messagingBinding.address': customer, 'messagingBinding.proxyAddress': ours }
    await inside.participants.create(binding)
    await inside.participants.create({ identity: 'amelie' })
    await inside.messages.create({ author: customer, body: 'Bonjour' })
    await inside.messages.create({ author: 'amelie', body: 'Bonjour Ana' })
    return made.sid
  }

  /** A contact that amelie has: she has accepted its task. */
  async contact(conversationSid: string) {
    const { flexApi } = this.world.client
    const made = await flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversationSid } },
      routing: {
        properties: {
          workspace_sid: this.workspaceSid,
          workflow_sid: this.workflow,
          attributes: { customerName: 'Ana', language: 'fr' }
        }
      }
    })
    const [offered] = await this.workspace
      .workers(this.workers.amelie)
      .reservations.list({ reservationStatus: 'pending' })
    if (!offered) throw new Error('amelie is not free')
    await this.workspace.tasks(offered.taskSid).reservations(offered.sid).update({ reservationStatus: 'accepted' })
    return { interaction: made.sid, channel: String(made.channel.sid), task: offered.taskSid, reservation: offered.sid }
  }

  backend(wire: Wire): Backend {
    const { url } = this.world.running
    return ringdownBackend({ url, credentials: this.#credentials, httpClient: wire.httpClient(), fetch: wire.fetch })
  }

  /** The same server as if it were Twilio. */
  onTwilio(wire: Wire): Backend {
    return twilioBackend({ credentials: this.#credentials, httpClient: wire.httpClient() })
  }

  get #credentials() {
    const { account_sid, auth_token } = this.world.running.credentials
    return { username: account_sid, password: auth_token }
  }
}

/** The number that customers write to. */
export const ours = '+15005550006'

interface AgentOptions extends Omit<Partial<McpServerOptions>, 'backend'> {
  readonly server?: Partial<StartOptions>
  readonly kind?: 'ringdown' | 'twilio'
}

/** An agent with all tools in a center of its own, which the test takes with it. */
export async function agent({ server, kind = 'ringdown', ...options }: AgentOptions = {}) {
  const center = await Center.open(server)
  onTestFinished(() => center.world.close())
  const wire = new Wire(center.world.running.url)
  const backend = kind === 'ringdown' ? center.backend(wire) : center.onTwilio(wire)
  const connection = await connected(backend, options)
  onTestFinished(() => connection.close())
  return { center, wire, backend, ...connection }
}
