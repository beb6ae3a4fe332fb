import { Agent, request } from 'node:http'
import twilio from 'twilio'
import { Worker } from 'twilio-taskrouter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { mountMcp } from '../../../packages/cli/src/mount.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/*
 * Whoever changes something hears the answer first and then the event, on whichever door it listens: programs are written
 * as `await accept(); await once('accepted')`.
 */

let ringdown: World
let workspace: string
let worker: string
let hooks: Receiver
const agent = new Agent({ keepAlive: true })

beforeAll(async () => {
  ringdown = await world({ testClock: false, allowPrivateDestinations: true, mcp: mountMcp('0.0.0-test') })
  hooks = await receiver({ auth_token: ringdown.running.credentials.auth_token })
  const { workspaces } = ringdown.client.taskrouter.v1
  workspace = (await workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })).sid
  const activities = await workspaces(workspace).activities.list()
  const available = activities.find((one) => one.available)?.sid as string // a new workspace has one
  worker = (await workspaces(workspace).workers.create({ friendlyName: 'Ada', activitySid: available })).sid
})
afterAll(async () => {
  agent.destroy()
  await ringdown.close()
  await hooks.close()
})

const times = 40

/**
 * How often an answer came before what it did was told. An event waits for its answer for a quarter of a second (decision 017):
 * one that was slower, on a machine that has others to do, says nothing.
 */
class Order {
  #right = 0
  #wrong = 0

  /** Does something; `isTold` says, when it is answered, whether it was told already. */
  async of<T>(act: () => Promise<T>, isTold: (answer: T) => boolean): Promise<T> {
    const begun = performance.now()
    const answer = await act()
    if (!isTold(answer)) this.#right++
    else if (performance.now() - begun < 200) this.#wrong++
    return answer
  }

  expectRight(): void {
    expect(this.#wrong).toBe(0)
    expect(this.#right).toBeGreaterThan(times / 2)
  }
}

/** For stories of hundreds of requests on a machine that has others to do. */
const patient = { timeout: 120_000 }

function tokenOf(): string {
  const { account_sid, auth_token } = ringdown.running.credentials
  const token = new twilio.jwt.AccessToken(account_sid, account_sid, auth_token, { identity: 'ada', ttl: 3600 })
  token.addGrant(
    new twilio.jwt.AccessToken.TaskRouterGrant({ workspaceSid: workspace, workerSid: worker, role: 'worker' })
  )
  return token.toJwt()
}

interface Answered {
  readonly status: number | undefined
  readonly text: string
}

/** Resolves when the last byte of the answer is there. */
function post(path: string, headers: Record<string, string>, body: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(ringdown.running.url + path, { method: 'POST', agent, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => (text += part))
      answer.once('end', () => resolve({ status: answer.statusCode, text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Writes an attribute that says which change it was, through one of the doors. */
const writes = {
  REST: (n: number) =>
    post(
      `/taskrouter/v1/Workspaces/${workspace}/Workers/${worker}`,
      { authorization: ringdown.authorization, 'content-type': 'application/x-www-form-urlencoded' },
      `Attributes=${encodeURIComponent(`{"n":"mark-${n}."}`)}`
    ),
  'the worker SDK': (n: number) =>
    post(
      '/event-bridge/v1/wschannels',
      { 'content-type': 'text/plain' },
      JSON.stringify({
        url: `Workspaces/${workspace}/Workers/${worker}`,
        method: 'POST',
        params: { Attributes: { n: `mark-${n}.` } },
        token: tokenOf()
      })
    ),
  // Two requests of the tool: the first one's event waits for the answer to the tool.
  'a tool over MCP': (n: number) =>
    tool('manage_workers', {
      action: 'update',
      workspaceSid: workspace,
      workerSid: worker,
      attributes: { n: `mark-${n}.` },
      taskChannel: 'default',
      capacity: 1 + (n % 2)
    })
} satisfies Record<string, (n: number) => Promise<Answered>>

/** A call of a tool; again when it is told to wait, since those of one credential are limited. */
async function tool(name: string, args: object): Promise<Answered> {
  const answer = await post(
    '/mcp',
    {
      authorization: ringdown.authorization,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream'
    },
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } })
  )
  if (!/\\"code\\":20429/.test(answer.text)) return answer
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return tool(name, args)
}

/** Listens on one of the doors, and calls back with the text of whatever comes. */
type Listen = (heard: (text: string) => void) => Promise<() => void>

async function socket(url: string, heard: (text: string) => void): Promise<() => void> {
  const opened = new WebSocket(url, { headers: { authorization: ringdown.authorization } })
  opened.on('message', (text) => heard(String(text)))
  await new Promise((resolve) => opened.once('message', resolve))
  return () => opened.terminate()
}

const wsUrl = (path: string) => ringdown.running.url.replace(/^http/, 'ws') + path

const doors = {
  'the socket of the worker': (heard) => socket(wsUrl(`/event-bridge/v1/wschannels?token=${tokenOf()}`), heard),
  'the socket of the feed': (heard) =>
    socket(wsUrl('/ringdown/v1/Events/socket?types=worker.attributes.update'), heard),
  'server-sent events': (heard) =>
    new Promise((resolve, reject) => {
      const asked = request(
        `${ringdown.running.url}/ringdown/v1/Events/stream?types=worker.*`,
        { headers: { authorization: ringdown.authorization } },
        (answer) => {
          answer.on('data', (part) => heard(String(part)))
          answer.once('data', () => resolve(() => asked.destroy()))
        }
      )
      asked.on('error', reject)
      asked.end()
    })
} satisfies Record<string, Listen>

async function inOrder(write: (n: number) => Promise<Answered>, listen: Listen): Promise<Order> {
  const seen: string[] = []
  const waiting = new Map<string, () => void>()
  const end = await listen((text) => {
    for (const [mark] of text.matchAll(/mark-\d+\./g)) {
      seen.push(mark)
      waiting.get(mark)?.()
    }
  })
  const order = new Order()
  for (let n = 0; n < times; n++) {
    const mark = `mark-${n}.`
    const heard = new Promise<void>((resolve) => waiting.set(mark, resolve))
    const { status } = await order.of(
      () => write(n),
      () => seen.includes(mark)
    )
    expect(status).toBe(200)
    await heard
  }
  end()
  return order
}

describe.each(Object.entries(writes))('a change by %s is answered first, and then told', patient, (_, write) => {
  it.each(Object.entries(doors))('to %s', async (_, listen) => {
    const order = await inOrder(write, listen)
    order.expectRight()
  })

  it('to a long poll that waits', async () => {
    const order = new Order()
    for (let n = 0; n < times; n++) {
      let isTold = false
      const poll = ringdown.call('/ringdown/v1/Events?types=worker.attributes.update&wait_s=10').then((answer) => {
        isTold = true
        return answer
      })
      // It is there when the next answer is: requests of one process are read in their order.
      await ringdown.call('/ringdown/v1/Events?limit=1&wait_s=0')
      await order.of(
        () => write(n),
        () => isTold
      )
      expect((await poll).body.events).toHaveLength(1)
    }
    order.expectRight()
  })

  it('to a webhook', async () => {
    await ringdown.client.taskrouter.v1.workspaces(workspace).update({ eventCallbackUrl: `${hooks.url}/events` })
    hooks.clear()
    const isTold = (n: number) => hooks.requests.some(({ form }) => form.WorkerAttributes?.includes(`mark-${n}.`))
    const order = new Order()
    for (let n = 0; n < times; n++) {
      await order.of(
        () => write(n),
        () => isTold(n)
      )
      await hooks.until(() => isTold(n))
    }
    order.expectRight()
    await ringdown.client.taskrouter.v1.workspaces(workspace).update({ eventCallbackUrl: '' })
  })
})

it('accept() and then the event that it was accepted, as desks are written', patient, async () => {
  const { url } = ringdown.running
  const ada = new Worker(tokenOf(), {
    ebServer: `${url}/event-bridge/v1/wschannels`,
    wsServer: wsUrl('/event-bridge/v1/wschannels'),
    logLevel: 'silent'
  })
  const once = (from: unknown, event: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: the SDK's types of events lag behind what they carry
    new Promise<any>((resolve) => (from as Worker).once(event as never, resolve as never))
  await once(ada, 'ready')
  for (let n = 0; n < 20; n++) {
    const offered = once(ada, 'reservationCreated')
    await ringdown.client.taskrouter.v1.workspaces(workspace).tasks.create({ attributes: '{}' })
    const reservation = await offered
    await reservation.accept()
    expect((await once(reservation, 'accepted')).status).toBe('accepted')
    await reservation.complete()
    await once(reservation, 'completed')
  }
  ada.disconnect()
})

it('a tool of an agent answers before another call of the agent is told what it did', patient, async () => {
  const order = new Order()
  for (let n = 0; n < times; n++) {
    let isTold = false
    const before = /cursor[^a-zA-Z0-9]+([\w.:-]+)/.exec((await tool('wait_for_events', { waitSeconds: 0 })).text)?.[1]
    const wait = tool('wait_for_events', { cursor: before, types: ['worker.attributes.update'], waitSeconds: 10 }).then(
      ({ text }) => {
        isTold = true
        return text
      }
    )
    await ringdown.call('/ringdown/v1/Events?limit=1&wait_s=0')
    const changed = await order.of(
      () =>
        tool('manage_workers', {
          action: 'update',
          workspaceSid: workspace,
          workerSid: worker,
          attributes: { n: `tool-${n}.` }
        }),
      () => isTold
    )
    expect(changed.text).toContain(`tool-${n}.`)
    expect(await wait).toContain('Attributes of Ada changed')
  }
  order.expectRight()
})
