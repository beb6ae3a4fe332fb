import { once } from 'node:events'
import { createServer, type Server as Programs } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { Connections, expected } from './api.ts'
import { atMost, count, type Measured, median, ms, type Options, perSecond, quantile, say } from './measured.ts'
import { middleOf, sampleText, usedBy, usedSince } from './processor.ts'
import { account_sid, type Server, startServer } from './server.ts'

const agents = 60
const callers = 200
/** Callers who are on the phone at once, where as many are served as can be. */
const atOnce = 30
/** Calls a second, where keys are pressed. */
const offered = 100
/** Callers of whom one is not over. Where they are more, the server does not keep up. */
const maxUnderWay = 190

const numbers = { queue: '+14155550101', menu: '+14155550102' } as const

/** Calls from arrival to a worker, all of it durable; and how soon a key that is pressed leads to the next prompt. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const programs = createServer()
  programs.keepAliveTimeout = 60_000
  programs.listen(0, '127.0.0.1')
  await once(programs, 'listening')
  const server = await startServer({ profile, more: ['--allow-private-destinations'] })
  const center = await Center.open(server, programs)
  await center.serve(seconds)
  await center.press(seconds)
  const served: Awaited<ReturnType<Center['serve']>>[] = []
  const pressed: Awaited<ReturnType<Center['press']>>[] = []
  for (let k = 0; k < 3; k++) {
    const [one, other] = [await center.serve(seconds), await center.press(seconds)]
    say(`${perSecond(one.rate)} to a worker, p50 ${ms(median(one.bridged))}, p99 ${ms(quantile(one.bridged, 0.99))}`)
    say(
      `a key: p50 ${ms(median(other.prompted))}, p99 ${ms(quantile(other.prompted, 0.99))}${other.left > 0 ? `, ${count(other.left)} not offered` : ''}`
    )
    served.push(one)
    pressed.push(other)
  }
  center.close()
  await server.stop()
  programs.closeAllConnections()
  programs.close()
  const left = pressed.reduce((sum, one) => sum + one.left, 0)
  const p99 = (values: readonly number[]) => quantile(values, 0.99)
  return {
    figures: [
      { what: 'calls from arrival to a worker', figure: perSecond(median(served.map(({ rate }) => rate))) },
      { what: 'the same, p99', figure: ms(median(served.map(({ bridged }) => p99(bridged)))) },
      { what: 'the same, p50', figure: ms(median(served.map(({ bridged }) => median(bridged)))) },
      { what: "the same, and the server's processor time of each", figure: sampleText(middleOf(served)) },
      atMost(
        `a key to the next prompt at ${offered} calls a second, p99`,
        median(pressed.map(({ prompted }) => p99(prompted))),
        150,
        ms
      ),
      { what: 'the same, p50', figure: ms(median(pressed.map(({ prompted }) => median(prompted)))) },
      { what: "such calls, and the server's processor time of each", figure: sampleText(middleOf(pressed)) }
    ],
    how: `One process, SQLite, ${callers} virtual phones that call numbers whose programs answer on the same machine, ${agents} workers whose phones answer at once. To a worker: ${atOnce} callers at a time; each call asks its program, becomes a task, is offered, has the assignment callback answered with \`conference\`, rings the worker and is in a conference with it; then the caller hangs up and the task is completed. Time runs from the request of the arrival to the event on a socket of the feed that both are in the conference. Keys: ${offered} calls a second are due, evenly, whatever is still under way; each hears a menu, presses a key, which its program is asked about, hears the next prompt and hangs up. Time runs from the request of the key to the event that tells of the next document; all of it is durable before that. Median of three samples after one to warm up.${left > 0 ? ` **It did not keep up**: ${count(left)} were not offered because ${maxUnderWay} were under way.` : ''}`
  }
}

interface Told {
  readonly type: string
  readonly data: {
    readonly call_sid: string
    readonly label?: string
    readonly task_sid?: string
    readonly ticket?: string
  }
}

interface Sid {
  readonly sid: string
}

class Center {
  readonly #connections: Connections
  readonly #server: Server
  readonly #phones: readonly string[]
  readonly #tasks: string
  readonly #socket: WebSocket
  /** Who waits for what is told of a call. */
  readonly #waiting = new Map<string, (told: Told['data']) => void>()
  readonly #early = new Map<string, Told['data']>()
  #n = 0

  private constructor(
    server: Server,
    connections: Connections,
    {
      phones,
      tasks,
      socket
    }: { readonly phones: readonly string[]; readonly tasks: string; readonly socket: WebSocket }
  ) {
    this.#server = server
    this.#connections = connections
    this.#phones = phones
    this.#tasks = tasks
    this.#socket = socket
    socket.on('message', (data) => {
      const { events = [] } = JSON.parse(String(data)) as { events?: Told[] }
      for (const { type, data: about } of events) {
        if (type === 'conference.participant-join' && about.label === 'customer') this.#came(about.call_sid, about)
        else if (type === 'ringdown.call.document-taken') this.#came(`${about.call_sid}/${about.ticket}`, about)
      }
    })
  }

  static async open(server: Server, programs: Programs): Promise<Center> {
    const connections = await Connections.open(server, 64)
    const post = <T = Sid>(path: string, params: Record<string, string>) =>
      connections.with(async (connection) => expected<T>(await connection.post(path, params), 201))
    const get = <T>(path: string) =>
      connections.with(async (connection) => expected<T>(await connection.get(path), 200))
    const url = `http://127.0.0.1:${(programs.address() as AddressInfo).port}` // it listens on a port
    const { sid } = await post('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', MultiTaskEnabled: 'true' })
    const floor = `/taskrouter/v1/Workspaces/${sid}`
    const { activities } = await get<{ activities: (Sid & { available: boolean })[] }>(`${floor}/Activities`)
    const ActivitySid = activities.find(({ available }) => available)?.sid ?? ''
    const queue = await post(`${floor}/TaskQueues`, { FriendlyName: 'All', TargetWorkers: '1==1' })
    const workflow = await post(`${floor}/Workflows`, {
      FriendlyName: 'All',
      AssignmentCallbackUrl: `${url}/assign`,
      Configuration: JSON.stringify({ task_routing: { filters: [], default_filter: { queue: queue.sid } } })
    })
    answerPrograms(programs, workflow.sid)
    for (let n = 0; n < agents; n++) {
      const contact_uri = `client:agent-${n}`
      await post('/ringdown/v1/Phones', { Address: contact_uri, CallOutcome: 'answers' })
      const Attributes = JSON.stringify({ contact_uri })
      await post(`${floor}/Workers`, { FriendlyName: `agent-${n}`, ActivitySid, Attributes })
    }
    for (const [name, PhoneNumber] of Object.entries(numbers))
      await post(`/2010-04-01/Accounts/${account_sid}/IncomingPhoneNumbers.json`, {
        PhoneNumber,
        VoiceUrl: `${url}/${name}`
      })
    const phones = await Promise.all(
      Array.from({ length: callers }, async (_, n) => {
        const Address = `+33600${String(n).padStart(6, '0')}`
        return `/ringdown/v1/Phones/${(await post('/ringdown/v1/Phones', { Address })).sid}/Calls`
      })
    )
    const types = 'conference.participant-join,ringdown.call.document-taken'
    const socket = new WebSocket(`ws://${server.host}:${server.port}/ringdown/v1/Events/socket?types=${types}`, {
      headers: { authorization: server.authorization }
    })
    await once(socket, 'message')
    return new Center(server, connections, { phones, tasks: `${floor}/Tasks`, socket })
  }

  #came(key: string, told: Told['data']): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting) waiting(told)
    else this.#early.set(key, told)
  }

  #told(key: string): Promise<Told['data']> {
    const early = this.#early.get(key)
    this.#early.delete(key)
    return early ? Promise.resolve(early) : new Promise((resolve) => this.#waiting.set(key, resolve))
  }

  async #post(path: string, params: Record<string, string>, status: number): Promise<Sid> {
    return this.#connections.with(async (connection) => expected<Sid>(await connection.post(path, params), status))
  }

  /** As many callers as there are places, one after the other, each to a worker. Times in milliseconds. */
  async serve(seconds: number) {
    const bridged: number[] = []
    const pid = this.#server.child.pid as number // it runs
    const before = usedBy(pid)
    const begun = performance.now()
    const one = async (phone: string) => {
      while (performance.now() - begun < seconds * 1000) {
        const sent = performance.now()
        const { sid } = await this.#post(phone, { To: numbers.queue }, 201)
        const { task_sid = '' } = await this.#told(sid)
        bridged.push(performance.now() - sent)
        await this.#post(`${phone}/${sid}`, { Action: 'hang-up' }, 200)
        await this.#post(`${this.#tasks}/${task_sid}`, { AssignmentStatus: 'completed' }, 200)
        this.#early.clear()
      }
    }
    await Promise.all(this.#phones.slice(0, atOnce).map(one))
    const rate = bridged.length / ((performance.now() - begun) / 1000)
    return { rate, used: usedSince(pid, before, bridged.length), bridged }
  }

  /** Callers come as often as is offered, and press a key. */
  async press(seconds: number) {
    const prompted: number[] = []
    const pid = this.#server.child.pid as number // it runs
    const before = usedBy(pid)
    const begun = performance.now()
    let underWay = 0
    let left = 0
    const one = async (phone: string) => {
      const { sid } = await this.#post(phone, { To: numbers.menu }, 201)
      await this.#told(`${sid}/1`)
      const sent = performance.now()
      const next = this.#told(`${sid}/2`)
      await this.#post(`${phone}/${sid}`, { Action: 'press', Digits: '1' }, 200)
      await next
      prompted.push(performance.now() - sent)
      await this.#post(`${phone}/${sid}`, { Action: 'hang-up' }, 200)
      underWay--
    }
    const all: Promise<void>[] = []
    for (let k = 0; k < seconds * offered; k++) {
      const due = begun + (k * 1000) / offered
      while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1))
      if (underWay >= maxUnderWay) {
        left++
        continue
      }
      underWay++
      const called = one(this.#phones[this.#n++ % callers] ?? '')
      called.catch(() => {}) // told by Promise.all, as soon as no more are begun
      all.push(called)
    }
    await Promise.all(all)
    const rate = all.length / ((performance.now() - begun) / 1000)
    return { rate, used: usedSince(pid, before, all.length), prompted, left }
  }

  close(): void {
    this.#socket.terminate()
    this.#connections.close()
  }
}

/** What numbers' programs and the assignment callback answer. */
function answerPrograms(programs: Programs, workflowSid: string): void {
  const gather = '<Gather numDigits="1" action="/pressed" timeout="60"><Say>Press a key</Say></Gather>'
  const documents: Readonly<Record<string, readonly [type: string, body: string]>> = {
    '/menu': ['text/xml', `<Response>${gather}</Response>`],
    '/pressed': ['text/xml', `<Response>${gather}</Response>`],
    '/queue': ['text/xml', `<Response><Enqueue workflowSid="${workflowSid}"/></Response>`],
    '/assign': ['application/json', '{"instruction":"conference"}']
  }
  programs.on('request', (request, response) => {
    request.resume()
    request.on('end', () => {
      const [type, body] = documents[request.url ?? ''] ?? ['text/plain', '']
      response.writeHead(200, { 'content-type': type })
      response.end(body)
    })
  })
}
