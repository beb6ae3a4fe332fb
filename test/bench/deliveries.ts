import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import type { Draft } from '@ringdown/server/delivery/delivery'
import { deliveryKinds } from '@ringdown/server/delivery/kinds'
import { rowOf } from '@ringdown/server/delivery/queued'
import { DeliveryRows, deliveryWrites } from '@ringdown/server/delivery/rows'
import { Sender } from '@ringdown/server/delivery/sender'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { Agent, request } from 'undici'
import { endWithRun, temporaryFolder } from './lifetime.ts'
import { atLeast, atMost, count, type Measure, perSecond, say, times, us } from './measured.ts'
import { middleOf, type Sample, sampled, sampleText } from './processor.ts'
import { tellAndKill } from './told.ts'

const account_sid = `AC${'d'.repeat(32)}`
const auth_token = 'only-for-the-benchmark'
const log = pino({ level: 'silent' })
/** Attempts under way at once, here and there. */
const concurrency = 16
/** An event of a task, as Event Streams tell it, has some 1.2 KB. */
const json = JSON.stringify([{ specversion: '1.0', id: 'EV', data: { payload: 'x'.repeat(1_100) } }])
/** Deliveries that the reader of the log hands over at once, as after a batch. */
const step = 64
const backlog = 20_000

/** Deliveries a second to a receiver on this machine, through the store; beside them, undici alone. */
export const measure: Measure = async ({ seconds }) => {
  const listener = fork(fileURLToPath(new URL('./listener.js', import.meta.url)))
  const stop = endWithRun(listener)
  const [port] = (await once(listener, 'message')) as [number] // all that it says
  const url = `http://127.0.0.1:${port}/events`

  await whole(url, (queue) => queue.all(2_000)) // compiled code, as after a while of work
  const alone: Sample[] = []
  const fresh: Sample[] = []
  for (let sample = 0; sample < 3; sample++) {
    const sent = await bare(url, seconds)
    const delivered = await whole(url, (queue) => queue.forSeconds(seconds))
    alone.push(sent)
    fresh.push(delivered)
    say(`undici alone ${sampleText(sent)}; deliveries ${sampleText(delivered)}`)
  }
  const drained = await whole(url, (queue) => queue.all(backlog))
  say(`a backlog of ${count(backlog)}: ${sampleText(drained)}`)
  await stop()

  const lives = Array.from({ length: 8 }, (_, n) => 500 + ((n * 7919) % 2_500))
  const told = await tellAndKill(lives)
  const wrong = told.missing.length + told.invented.length + told.unsigned + told.renamed + told.left
  say(`${count(told.events)} events, ${count(told.requests)} requests, ${told.kills} kills, ${wrong} wrong`)

  const [bareSample, sample] = [middleOf(alone), middleOf(fresh)]
  return {
    figures: [
      atLeast('deliveries to one receiver, handed over by the reader of the log', sample.rate, 1_000, perSecond),
      atMost('processor time of a delivery, main thread', sample.used.main, 100, us),
      { what: 'processor time of a delivery, all threads', figure: us(sample.used.all) },
      { what: 'the same from a backlog in the store', figure: sampleText(drained) },
      { what: 'undici alone', figure: sampleText(bareSample) },
      atLeast('rate of deliveries over that of undici alone', sample.rate / bareSample.rate, 0.35, times),
      {
        what: `events told over ${told.kills} kills: missing, invented, unsigned or renamed`,
        figure: `${wrong} of ${count(told.events)}`,
        target: '0',
        met: wrong === 0
      }
    ],
    how: `A sender on SQLite in this process, a receiver in another one; bodies of ${count(json.length)} bytes, ${concurrency} attempts under way. Each delivery is written when it is queued and when it has arrived. Three samples of ${seconds} s each, in turn with undici alone, which sends the same bodies unsigned (${alone.map(({ rate }) => perSecond(rate)).join(', ')}); the median counts. The backlog has ${count(backlog)} deliveries. Then a server tells its workspace's events while it is killed ${told.kills} times (kill -9): ${count(told.requests)} requests came for ${count(told.events)} events.`
  }
}

interface Queue {
  /** Keeps the sender busy for a time. */
  forSeconds(seconds: number): Promise<Sample>
  /** Queues so many first and starts the sender then. */
  all(many: number): Promise<Sample>
}

/** From the first one's start to the last one's mark. */
async function whole(url: string, use: (queue: Queue) => Promise<Sample>): Promise<Sample> {
  const store = await openStore({ schema, data: temporaryFolder() })
  await store.migrate()
  const clock = new RealClock()
  const account = await Account.open({ store, account_sid, clock, log })
  // There is no such subscription; for one that was removed nothing would be sent.
  const kinds = { ...deliveryKinds, event_stream: { ...deliveryKinds.event_stream, isWanted: () => true } }
  const begin = () => new Sender({ store, account, clock, log, auth_token, allowPrivate: true, concurrency, kinds })
  const write = writer(store, clock, url, await store.cursor(account_sid, 'deliveries'))
  let sender: Sender | undefined
  const queue: Queue = {
    async forSeconds(seconds) {
      const begun = begin()
      sender = begun
      await begun.settle()
      return sampled(process.pid, async () => {
        const end = performance.now() + seconds * 1000
        let many = 0
        while (performance.now() < end) {
          begun.offer(await write(step))
          many += step
          // As much as a busy reader would have waiting.
          while (begun.figures.queued > 4 * step) await new Promise((resolve) => setTimeout(resolve, 1))
        }
        await ended(begun)
        return many
      })
    },
    async all(many) {
      for (let n = 0; n < many; n += 2_000) await write(2_000)
      return sampled(process.pid, async () => {
        sender = begin()
        await ended(sender)
        return many
      })
    }
  }
  const sample = await use(queue)
  await sender?.close()
  await account.close()
  const rows = new DeliveryRows(store)
  const { destinations } = await rows.queued(account_sid)
  const failed = await rows.page({ account_sid, where: { state: 'failed' }, descending: false, limit: 1 })
  await store.close()
  if (destinations.length > 0 || failed.length > 0) throw new Error('not all deliveries have arrived')
  return sample
}

async function ended(sender: Sender): Promise<void> {
  await sender.settle()
  while (sender.figures.queued > 0) await sender.settle()
}

/** Writes deliveries as the reader of the log does. */
function writer(store: Store, clock: RealClock, url: string, begins_at: number) {
  let cursor = begins_at
  let seq = 0
  return async (many: number) => {
    const deliveries = Array.from({ length: many }, () => {
      seq += 1
      const event = { seq, sid: `EV${String(seq).padStart(32, '0')}`, type: 'task.created' }
      const draft: Draft = { kind: 'event_stream', receiver_sid: 'DF1', event, message: { method: 'POST', url, json } }
      return rowOf(draft, clock.now(), deliveryKinds.event_stream)
    })
    const from = cursor
    cursor += 1
    await store.advance({ account_sid, reader: 'deliveries', from, to: cursor, writes: deliveryWrites(deliveries) })
    return deliveries
  }
}

/** Requests of undici alone. */
async function bare(url: string, seconds: number): Promise<Sample> {
  const dispatcher = new Agent()
  const headers = { 'Content-Type': 'application/json' }
  const sample = await sampled(process.pid, async () => {
    const end = performance.now() + seconds * 1000
    let many = 0
    const one = async () => {
      while (performance.now() < end) {
        const { body } = await request(url, { dispatcher, method: 'POST', headers, body: json })
        await body.text()
        many += 1
      }
    }
    await Promise.all(Array.from({ length: concurrency }, one))
    return many
  })
  await dispatcher.close()
  return sample
}
