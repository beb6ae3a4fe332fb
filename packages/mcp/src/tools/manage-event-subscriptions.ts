import { explained, Fault, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { conversationsOf } from '../names.ts'
import { pagedList } from '../pages.ts'
import { rawRequest } from '../raw.ts'
import { compact, type Outcome, type Row } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { camelRow, ringdownOf } from './explain-routing.ts'
import { ifPossible } from './interactions.ts'
import { deleted, pageArguments, pagingNames, workspaceArgument, workspaceOf } from './shared.ts'

const kinds = ['event_stream', 'taskrouter', 'interaction', 'conversation'] as const
type Kind = (typeof kinds)[number]

const args = argumentsOf({
  action: {
    type: 'string',
    enum: ['list', 'get', 'create', 'update', 'delete', 'test', 'deliveries', 'replay', 'list_types']
  },
  kind: { type: 'string', enum: kinds, description: 'default event_stream; list: all' },
  subscriptionSid: { type: 'string', description: 'as list tells it' },
  url: { type: 'string' },
  types: { type: 'strings', description: 'list_types tells them; x.* is a family' },
  description: { type: 'string' },
  sinkType: { type: 'string', enum: ['webhook', 'kinesis', 'segment'] },
  sinkConfiguration: { type: 'object' },
  conversationSid: { type: 'string', ref: 'conversation', description: 'its webhooks' },
  deliverySid: { type: 'string' },
  ...workspaceArgument,
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>

export const manageEventSubscriptions: Tool = {
  name: 'manage_event_subscriptions',
  title: 'Manage event subscriptions',
  description:
    'Who is told of events outside: Event Streams (event_stream), the workspace callback (taskrouter), webhooks of interactions and of conversations. deliveries shows what came of them, replay sends one again.',
  hints: hints('DO'),
  arguments: args,
  output: {
    subscriptions: [
      {
        subscriptionSid: 'string',
        kind: 'string',
        description: 'string',
        url: 'string',
        types: 'strings',
        status: 'string'
      }
    ],
    deliveries: [
      { deliverySid: 'string', eventType: 'string', state: 'string', attempts: 'integer', lastError: 'string' }
    ],
    types: [{ type: 'string', description: 'string' }]
  },
  actions: {
    list: on({
      write: false,
      optional: ['kind', 'conversationSid', ...pagingNames],
      run: async (values, call) => {
        const all = await subscriptions(values, call)
        const { rows, nextPageToken } = await pagedList(call, all, (one) => one)
        return { subscriptions: rows, nextPageToken }
      }
    }),
    get: on({
      write: false,
      required: ['subscriptionSid'],
      optional: ['conversationSid'],
      run: async (values, call) => ({ subscriptions: [await found(values, call)] })
    }),
    create: on({
      write: true,
      optional: ['kind', 'url', 'types', 'description', 'sinkType', 'sinkConfiguration', 'conversationSid'],
      run: async (values, call) => ({
        subscriptions: [await rooms[values.kind ?? kindWithout(values)].create(values, call)]
      })
    }),
    update: on({
      write: true,
      required: ['subscriptionSid'],
      optional: ['url', 'types', 'description', 'conversationSid'],
      change: ['url', 'types', 'description'],
      unused: { sinkConfiguration: 'fixed at creation: create another subscription, then delete this one' },
      run: async (values, call) => {
        const present = await found(values, call)
        return { subscriptions: [await rooms[present.kind as Kind].update(values, present, call)] } // a kind of ours, as list told it
      }
    }),
    delete: on({
      write: true,
      required: ['subscriptionSid'],
      optional: ['conversationSid'],
      run: async (values, call) => {
        const present = await found(values, call)
        await rooms[present.kind as Kind].delete(present, values, call) // as above
        return { subscriptions: [deleted('subscriptionSid', values.subscriptionSid)] }
      }
    }),
    test: on({
      write: true,
      required: ['subscriptionSid'],
      run: async (values, call) => {
        const { kind, sinkSid } = await found(values, call)
        if (kind !== 'event_stream')
          throw fault('bad_value', `only an event stream can be tested; this is ${kind}`, {
            argument: 'subscriptionSid',
            next: 'cause an event, then look at action deliveries'
          })
        await call.backend.client.events.v1.sinks(String(sinkSid)).sinkTest.create()
        return { subscriptions: [{ subscriptionSid: values.subscriptionSid, kind, status: 'test event sent' }] }
      }
    }),
    deliveries: on({
      write: false,
      optional: ['subscriptionSid', ...pagingNames],
      run: listDeliveries
    }),
    replay: on({
      write: true,
      required: ['deliverySid'],
      run: async ({ deliverySid }, call) => {
        const api = ringdownOf(call)
        const answer = await explained(
          call,
          () => api.post(`Deliveries/${encodeURIComponent(deliverySid)}`, {}, call.signal),
          ({ status }) => ({
            argument: 'deliverySid',
            next: status === 409 ? 'it is queued, and will be sent anyway' : 'action deliveries tells their SIDs'
          })
        )
        return { deliveries: [deliveryRow(answer)] }
      }
    }),
    list_types: on({
      write: false,
      optional: ['kind', ...pagingNames],
      run: async ({ kind = 'event_stream' }, call) => {
        const all =
          kind === 'event_stream' ? await streamTypes(call) : (otherTypes[kind] ?? []).map((type) => ({ type }))
        const { rows, nextPageToken } = await pagedList(call, all, (row) => row)
        return { types: rows, nextPageToken }
      }
    })
  }
}

/** What the webhooks of the other kinds can be told (reference conversations 14, flex 9). */
const otherTypes: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  taskrouter: [
    'task.created',
    'task.updated',
    'task.canceled',
    'task.completed',
    'task.wrapup',
    'task-queue.entered',
    'reservation.created',
    'reservation.accepted',
    'reservation.rejected',
    'reservation.timeout',
    'reservation.canceled',
    'reservation.rescinded',
    'reservation.completed',
    'worker.activity.update',
    'worker.attributes.update',
    'worker.created',
    'worker.deleted',
    'workflow.timeout',
    'workflow.entered',
    'workflow.target-matched'
  ],
  interaction: [
    'onInteractionCreated',
    'onChannelCreated',
    'onChannelStatusUpdated',
    'onParticipantJoined',
    'onParticipantUpdated',
    'onParticipantLeft'
  ],
  conversation: [
    'onMessageAdded',
    'onMessageUpdated',
    'onMessageRemoved',
    'onConversationAdded',
    'onConversationUpdated',
    'onConversationRemoved',
    'onConversationStateUpdated',
    'onParticipantAdded',
    'onParticipantUpdated',
    'onParticipantRemoved',
    'onDeliveryUpdated',
    'onUserAdded',
    'onUserUpdated'
  ]
}

const kindWithout = ({ conversationSid }: Given): Kind => (conversationSid ? 'conversation' : 'event_stream')

/** Where a kind of subscription lives. */
interface Room {
  list(values: Given, call: Call): Promise<readonly Row[]>
  create(values: Given, call: Call): Promise<Row>
  update(values: Given, present: Row, call: Call): Promise<Row>
  delete(present: Row, values: Given, call: Call): Promise<void>
}

const eventStreams: Room = {
  async list(_values, call) {
    const { events } = call.backend.client
    const [subscribed, sinks] = await Promise.all([
      events.v1.subscriptions.list({ limit: 200 }),
      events.v1.sinks.list({ limit: 200 })
    ])
    return Promise.all(
      subscribed.map(async ({ sid, sinkSid, description }) => {
        const sink = sinks.find((one) => one.sid === sinkSid)
        const types = await events.v1.subscriptions(sid).subscribedEvents.list({ limit: 1000 })
        return {
          subscriptionSid: sid,
          kind: 'event_stream',
          description,
          sinkSid,
          sinkType: sink?.sinkType,
          url: objectIn(sink?.sinkConfiguration).destination,
          status: sink?.status,
          types: types.map(({ type }) => type)
        }
      })
    )
  },
  async create(values, call) {
    const { url, sinkType = 'webhook', types, description = 'made by tool' } = values
    const sinkConfiguration =
      values.sinkConfiguration?.value ?? (url && { destination: url, method: 'POST', batch_events: false })
    if (!sinkConfiguration) throw needed('url', 'where the events go')
    const chosen = await chosenTypes(types, call)
    const { events } = call.backend.client
    const sink = await events.v1.sinks.create({ description, sinkType, sinkConfiguration })
    try {
      const made = await events.v1.subscriptions.create({
        description,
        sinkSid: sink.sid,
        types: chosen.map((type) => ({ type }))
      })
      const status = String(sink.status)
      return { subscriptionSid: made.sid, kind: 'event_stream', description, sinkSid: sink.sid, status, types: chosen }
    } catch (error) {
      // Nobody would find a sink without a subscription again.
      await ifPossible(() => events.v1.sinks(sink.sid).remove())
      throw error
    }
  },
  async update({ url, types, description }, present, call) {
    if (url !== undefined)
      throw fault('unused_argument', 'an event stream keeps its address', {
        argument: 'url',
        next: 'create another subscription with the new url, then delete this one'
      })
    const sid = String(present.subscriptionSid)
    const subscription = call.backend.client.events.v1.subscriptions(sid)
    if (description !== undefined) await subscription.update({ description })
    if (types === undefined) return compact({ ...present, description: description ?? present.description })
    const before = present.types as readonly string[] // as eventStreams.list made it
    const after = await chosenTypes(types, call)
    // First what is added: a subscription is never without types.
    for (const type of after.filter((one) => !before.includes(one)))
      await subscription.subscribedEvents.create({ type })
    for (const type of before.filter((one) => !after.includes(one))) await subscription.subscribedEvents(type).remove()
    return compact({ ...present, description: description ?? present.description, types: after })
  },
  async delete({ subscriptionSid, sinkSid }, _values, call) {
    const { subscriptions, sinks } = call.backend.client.events.v1
    await subscriptions(String(subscriptionSid)).remove()
    const others = await subscriptions.list({ sinkSid: String(sinkSid), limit: 1 })
    if (others.length === 0) await sinks(String(sinkSid)).remove()
  }
}

const workspaceCallback: Room = {
  async list(_values, call) {
    const { sid, eventCallbackUrl, eventsFilter } = await (await workspaceOf(call)).fetch()
    return eventCallbackUrl ? [callbackRow(sid, eventCallbackUrl, eventsFilter)] : []
  },
  async create({ url, types = [] }, call) {
    if (!url) throw needed('url', 'where the events go')
    const workspace = await workspaceOf(call)
    const { eventCallbackUrl, sid } = await workspace.fetch()
    if (eventCallbackUrl)
      throw fault('bad_value', `the workspace tells ${eventCallbackUrl} already, and has one callback only`, {
        argument: 'kind',
        next: `update subscriptionSid ${sid}; or create an event_stream beside it`
      })
    const made = await workspace.update({ eventCallbackUrl: url, eventsFilter: types.join(',') })
    return callbackRow(sid, made.eventCallbackUrl, made.eventsFilter)
  },
  async update({ url, types }, { subscriptionSid }, call) {
    const changes = given({ eventCallbackUrl: url, eventsFilter: types?.join(',') })
    const { eventCallbackUrl, eventsFilter } = await (await workspaceOf(call)).update(changes)
    return callbackRow(String(subscriptionSid), eventCallbackUrl, eventsFilter)
  },
  async delete(_present, _values, call) {
    await (await workspaceOf(call)).update({ eventCallbackUrl: '', eventsFilter: '' })
  }
}

function callbackRow(sid: string, url: string, filter: string | null): Row {
  return { subscriptionSid: sid, kind: 'taskrouter', url, types: filter ? filter.split(',') : ['*'] }
}

const interactionWebhooks: Room = {
  async list(_values, call) {
    const base = await webhooksUri(call)
    const { body } = await rawRequest(call.backend.client, { method: 'get', uri: base, params: { PageSize: 100 } })
    const rows = Object.values(body).find((value) => Array.isArray(value))
    return (Array.isArray(rows) ? rows : []).map(webhookRow)
  },
  async create({ url, types, description }, call) {
    if (!url) throw needed('url', 'where the events go')
    const WebhookEvents = wanted(types, 'interaction')
    const data = given({ Type: 'global', FriendlyName: description, WebhookUrl: url, WebhookEvents })
    return webhookRow(
      (await rawRequest(call.backend.client, { method: 'post', uri: await webhooksUri(call), data })).body
    )
  },
  async update({ url, types, description }, { subscriptionSid }, call) {
    const WebhookEvents = types && wanted(types, 'interaction')
    const data = given({ FriendlyName: description, WebhookUrl: url, WebhookEvents })
    const uri = `${await webhooksUri(call)}/${subscriptionSid}`
    return webhookRow((await rawRequest(call.backend.client, { method: 'post', uri, data })).body)
  },
  async delete({ subscriptionSid }, _values, call) {
    const uri = `${await webhooksUri(call)}/${subscriptionSid}`
    await rawRequest(call.backend.client, { method: 'delete', uri })
  }
}

/** The SDK has no such resource. */
async function webhooksUri(call: Call): Promise<string> {
  const { flexInstanceSid } = await call.backend.client.flexApi.v1.configuration().fetch()
  return `https://flex-api.twilio.com/v1/Instances/${flexInstanceSid}/InteractionWebhooks`
}

function webhookRow(value: unknown): Row {
  const { ttid, friendly_name, webhook_url, webhook_events } = objectIn(value)
  return compact({
    subscriptionSid: ttid,
    kind: 'interaction',
    description: friendly_name,
    url: webhook_url,
    types: webhook_events
  })
}

/** The name of the webhook that all conversations share, which has no SID. */
const allConversations = 'all_conversations'

const conversationWebhooks: Room = {
  async list({ conversationSid }, call) {
    const { client } = call.backend
    if (!conversationSid) {
      const { postWebhookUrl, preWebhookUrl, filters } = await client.conversations.v1.configuration.webhooks().fetch()
      const url = postWebhookUrl || preWebhookUrl
      return url ? [{ subscriptionSid: allConversations, kind: 'conversation', url, types: filters }] : []
    }
    const scoped = await conversationsOf(client, undefined)(conversationSid).webhooks.list({ limit: 50 })
    return scoped.map(({ sid, configuration }) => scopedRow(sid, configuration))
  },
  async create({ conversationSid, url, types }, call) {
    if (!url) throw needed('url', 'where the events go')
    const filters = [...wanted(types, 'conversation')]
    const { client } = call.backend
    if (!conversationSid) {
      const [present] = await this.list({}, call)
      if (present)
        throw fault('bad_value', `conversations tell ${present.url} already, and have one webhook for all`, {
          argument: 'conversationSid',
          next: `update subscriptionSid ${allConversations}; or give a conversationSid`
        })
      await client.conversations.v1.configuration.webhooks().update({ postWebhookUrl: url, filters, method: 'POST' })
      return { subscriptionSid: allConversations, kind: 'conversation', url, types: filters }
    }
    const made = await conversationsOf(
      client,
      undefined
    )(conversationSid).webhooks.create({
      target: 'webhook',
      'configuration.url': url,
      'configuration.method': 'post',
      'configuration.filters': filters
    })
    return scopedRow(made.sid, made.configuration)
  },
  async update({ conversationSid, url, types }, { subscriptionSid }, call) {
    const { client } = call.backend
    const filters = types && [...wanted(types, 'conversation')]
    if (!conversationSid) {
      const webhook = client.conversations.v1.configuration.webhooks()
      const changed = await webhook.update(given({ postWebhookUrl: url, filters }))
      return { subscriptionSid, kind: 'conversation', url: changed.postWebhookUrl, types: changed.filters }
    }
    const scoped = conversationsOf(client, undefined)(conversationSid).webhooks(String(subscriptionSid))
    const changed = await scoped.update(given({ 'configuration.url': url, 'configuration.filters': filters }))
    return scopedRow(changed.sid, changed.configuration)
  },
  async delete({ subscriptionSid }, { conversationSid }, call) {
    const { client } = call.backend
    if (conversationSid)
      await conversationsOf(client, undefined)(conversationSid).webhooks(String(subscriptionSid)).remove()
    else
      await client.conversations.v1.configuration
        .webhooks()
        .update({ postWebhookUrl: '', preWebhookUrl: '', filters: [] })
  }
}

function scopedRow(sid: string, configuration: unknown): Row {
  const { url, filters } = objectIn(configuration)
  return compact({ subscriptionSid: sid, kind: 'conversation', url, types: filters })
}

const rooms: Readonly<Record<Kind, Room>> = {
  event_stream: eventStreams,
  taskrouter: workspaceCallback,
  interaction: interactionWebhooks,
  conversation: conversationWebhooks
}

async function subscriptions(values: Given, call: Call): Promise<readonly Row[]> {
  const chosen = values.kind ? [values.kind] : values.conversationSid ? (['conversation'] as const) : kinds
  // Some account has no Flex, or no Event Streams: then there is nothing of that kind.
  const lists = chosen.map((kind) =>
    values.kind ? rooms[kind].list(values, call) : ifPossible(() => rooms[kind].list(values, call))
  )
  return (await Promise.all(lists)).flatMap((list) => list ?? [])
}

async function found(values: Given & { readonly subscriptionSid: string }, call: Call): Promise<Row> {
  const all = await subscriptions({ ...values, kind: undefined }, call)
  const row = all.find(({ subscriptionSid }) => subscriptionSid === values.subscriptionSid)
  if (row) return row
  throw new Fault([
    {
      code: 'unknown_name',
      message: `no subscription ${values.subscriptionSid}`,
      argument: 'subscriptionSid',
      found: values.subscriptionSid,
      allowed: all.map(({ subscriptionSid }) => subscriptionSid),
      next: "list shows them; a conversation's own needs conversationSid"
    }
  ])
}

const needed = (argument: string, what: string) =>
  fault('missing_argument', `create needs ${argument}: ${what}`, { argument, next: `give ${argument}` })

/** The types of a webhook that were asked for, or all. Throws Fault for one that there is not. */
function wanted(types: readonly string[] | undefined, kind: Kind): readonly string[] {
  const known = otherTypes[kind] ?? []
  if (!types || types.length === 0) return known
  return expanded(types, known)
}

async function streamTypes(call: Call): Promise<readonly { readonly type: string; readonly description: string }[]> {
  const all = await call.backend.client.events.v1.eventTypes.list({ limit: 1000 })
  return all.map(({ type, description }) => ({ type, description }))
}

async function chosenTypes(types: readonly string[] | undefined, call: Call): Promise<readonly string[]> {
  if (!types || types.length === 0) throw needed('types', 'action list_types shows them')
  const known = await streamTypes(call)
  return expanded(
    types,
    known.map(({ type }) => type)
  )
}

/** `com.twilio.taskrouter.*` as all types of the family; the prefix may be left out. Throws Fault for what there is not. */
function expanded(types: readonly string[], known: readonly string[]): readonly string[] {
  const chosen = types.flatMap((given) => {
    const fits = (pattern: string) =>
      known.filter((type) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern))
    const hits = [...fits(given), ...fits(`com.twilio.${given}`)]
    if (hits.length === 0)
      throw fault('bad_value', `no event type ${given}`, {
        argument: 'types',
        found: given,
        next: 'action list_types shows them'
      })
    return hits
  })
  return [...new Set(chosen)]
}

async function listDeliveries({ subscriptionSid }: Given, call: Call): Promise<Outcome> {
  const api = ringdownOf(call)
  const receiver = subscriptionSid && subscriptionSid !== allConversations ? subscriptionSid : undefined
  const answer = await api.get('Deliveries', { Receiver: receiver, PageSize: 200 }, call.signal)
  const { deliveries } = objectIn(answer)
  const { rows, nextPageToken } = await pagedList(call, Array.isArray(deliveries) ? deliveries : [], deliveryRow)
  return { deliveries: rows, nextPageToken }
}

function deliveryRow(value: unknown): Row {
  const { sid, ...row } = objectIn(value)
  const names = ['event_type', 'event_sid', 'kind', 'destination', 'state', 'attempts', 'last_error', 'date_created']
  return { deliverySid: sid, ...camelRow(row, ...names) }
}
