import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { Connection, expected } from './api.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Measured, median, ms, type Options, quantile, say } from './measured.ts'
import { heapMegabytes, residentMegabytes, type Server, startServer } from './server.ts'

const page = 'https://shop.example'
/** Each active customer writes once in so many seconds. */
const between_s = 10
/** Sockets that are opened at once, and of one network. */
const atOnce = 50
const ofNetwork = 400

interface Session {
  readonly token: string
}

/** Customers' pages with a socket each: what an idle one takes, and how soon an agent hears what an active one says. */
export async function measure({ seconds, profile, chats }: Options): Promise<Measured> {
  const folder = temporaryFolder()
  const settings = join(folder, 'settings.json')
  writeFileSync(settings, JSON.stringify({ rates: { webchat_chats: null } }))
  const server = await startServer({ folder, profile, withGc: true, more: ['--settings', settings, '--trust-proxy'] })
  const sessions = await begin(server, chats)
  const before = { heap: await heapMegabytes(server), resident: residentMegabytes(server.child) ?? Number.NaN }
  const sockets: WebSocket[] = []
  for (let from = 0; from < sessions.length; from += atOnce) {
    const some = sessions.slice(from, from + atOnce)
    sockets.push(...(await Promise.all(some.map((session, n) => open(server, session, from + n)))))
  }
  const after = { heap: await heapMegabytes(server), resident: residentMegabytes(server.child) ?? Number.NaN }
  const of = (what: 'heap' | 'resident') => ((after[what] - before[what]) * 1000) / sockets.length
  say(`${count(sockets.length)} sockets, ${of('heap').toFixed(1)} kB of heap each`)
  const active = sockets.slice(0, Math.max(1, Math.floor(chats / 10)))
  const latencies = await talk(server, active, Math.max(5, seconds * 5))
  for (const socket of sockets) socket.terminate()
  await server.stop()
  const p95 = quantile(latencies, 0.95)
  say(`heard after p50 ${ms(median(latencies))}, p95 ${ms(p95)}`)
  return {
    figures: [
      atMost(`heap of an idle web chat's socket, of ${count(chats)}`, of('heap'), 30, kilobytes),
      { what: 'the same, resident memory', figure: kilobytes(of('resident')) },
      atMost(`a customer's message to its agent with ${count(active.length)} active, p95`, p95, 50, ms),
      { what: 'the same, p50', figure: ms(median(latencies)) }
    ],
    how: `One process, SQLite, ${count(chats)} chats that were begun by pages, with a socket each; memory is what the heap has more after collections, once all are open. ${count(active.length)} customers write once in ${between_s} s each, evenly; time runs from the send on the customer's socket to the arrival on a socket of the feed, by which the message is durable; ${count(latencies.length)} messages.`
  }
}

const kilobytes = (value: number) => `${value.toFixed(1)} kB`

async function begin(server: Server, chats: number): Promise<Session[]> {
  const connection = await Connection.open(server)
  const address = expected<{ sid: string }>(
    await connection.post('/conversations/v1/Configuration/Addresses', {
      Type: 'chat',
      Address: 'shop',
      'AutoCreation.Enabled': 'true',
      'AutoCreation.Type': 'default'
    }),
    201
  )
  const { sid: key } = expected<{ sid: string }>(
    await connection.post('/ringdown/v1/Webchat/Deployments', {
      FriendlyName: 'Shop',
      AddressSid: address.sid,
      AllowedOrigins: page,
      Limits: JSON.stringify({ chats_per_hour: 100_000 })
    }),
    201
  )
  connection.close()
  const sessions: Session[] = []
  const one = async () => {
    while (sessions.length < chats) {
      const answer = await fetch(`http://${server.host}:${server.port}/ringdown/v1/Webchat/Sessions`, {
        method: 'POST',
        headers: { origin: page, 'content-type': 'application/json', 'x-forwarded-for': '10.0.0.1' },
        body: JSON.stringify({ key })
      })
      if (answer.status !== 201) throw new Error(`no chat was begun: ${answer.status} ${await answer.text()}`)
      sessions.push((await answer.json()) as Session)
    }
  }
  await Promise.all(Array.from({ length: 32 }, one))
  say(`${count(sessions.length)} chats are open`)
  return sessions.slice(0, chats)
}

async function open({ host, port }: Server, { token }: Session, n: number): Promise<WebSocket> {
  const network = Math.floor(n / ofNetwork)
  const socket = new WebSocket(`ws://${host}:${port}/ringdown/v1/Webchat/Socket`, {
    perMessageDeflate: false,
    headers: { origin: page, 'x-forwarded-for': `10.1.${Math.floor(network / 256)}.${network % 256}` }
  })
  await once(socket, 'open')
  const ready = once(socket, 'message')
  socket.send(JSON.stringify({ type: 'hello', token }))
  const [first] = await ready
  if (!String(first).startsWith('{"type":"ready"')) throw new Error(`a page was not let in: ${first}`)
  return socket
}

/** Milliseconds from the send of each message to its arrival at an agent, who follows all of them. */
async function talk(server: Server, sockets: readonly WebSocket[], for_s: number): Promise<number[]> {
  const sent = new Map<string, number>()
  const heard = new Map<string, number>()
  const agent = new WebSocket(`ws://${server.host}:${server.port}/ringdown/v1/Events/socket?types=message.added`, {
    headers: { authorization: server.authorization }
  })
  await once(agent, 'message')
  agent.on('message', (data) => {
    const at = performance.now()
    const { events = [] } = JSON.parse(String(data)) as { events?: { data: { body: string } }[] }
    for (const { data: message } of events) heard.set(message.body, at)
  })
  const begun = performance.now()
  const rate = sockets.length / between_s
  for (let n = 0; n < rate * for_s; n++) {
    const due = begun + (n * 1000) / rate
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    sent.set(`No. ${n}`, performance.now())
    sockets[n % sockets.length]?.send(JSON.stringify({ type: 'message', id: `m${n}`, body: `No. ${n}` }))
  }
  await new Promise((resolve) => setTimeout(resolve, 1000))
  agent.terminate()
  if (heard.size < sent.size) throw new Error(`${sent.size} messages were sent, and ${heard.size} heard`)
  return [...sent].map(([body, at]) => (heard.get(body) ?? Number.NaN) - at)
}
