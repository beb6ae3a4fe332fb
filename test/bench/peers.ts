import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Queue, Worker } from 'bullmq'
import { Logger, run } from 'graphile-worker'
import pg from 'pg'
import { atEnd, endWithRun, temporaryFolder } from './lifetime.ts'
import { freePort } from './server.ts'
import { namedPostgres } from './store.ts'

/** Something that takes work in, gives it to somebody, and hears that it is done. */
export interface Contender {
  /** Adds the i-th piece of work; resolves when it has been started and completed, as durably as the contender can. */
  lifecycle(i: number): Promise<void>
  /** How durable that is: half a sentence. */
  readonly durability: string
  close(): Promise<void>
}

/** Work that is under way, by number: who added it waits here for its end. */
class Endings {
  readonly #waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>()

  of(i: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.set(i, { resolve, reject }))
  }

  done(i: number, error?: Error): void {
    const waiting = this.#waiting.get(i)
    this.#waiting.delete(i)
    if (error) waiting?.reject(error)
    else waiting?.resolve()
  }
}

interface Redis {
  readonly host: string
  readonly port: number
}

/** BullMQ on the Redis of this machine, or on another one; a text says why it cannot be measured. */
export async function openBullmq(
  concurrency: number,
  payload: (i: number) => string,
  redis: Redis | string = { host: '127.0.0.1', port: 6379 }
): Promise<Contender | string> {
  if (typeof redis === 'string') return redis
  const [hello, appending, syncing, saving] = (await askRedis(redis, [
    'PING',
    'CONFIG GET appendonly',
    'CONFIG GET appendfsync',
    'CONFIG GET save'
  ]).catch(() => [])) as (string | undefined)[]
  if (hello !== 'PONG') return 'not measured: no Redis answers'
  // Not a literal: BullMQ itself loads it, and says nothing when it is missing but fails later.
  const driver = 'ioredis'
  if (!(await import(driver).catch(() => undefined))) return `not measured: its driver, ${driver}, is not installed`
  const name = `bench-${randomBytes(6).toString('hex')}`
  const endings = new Endings()
  const queue = new Queue(name, { connection: redis })
  const worker = new Worker(name, async () => {}, { connection: redis, concurrency })
  const numberOf = (job: { readonly data: { readonly i: number } }) => job.data.i
  worker.on('completed', (job) => endings.done(numberOf(job)))
  worker.on('failed', (job, error) => job && endings.done(numberOf(job), error))
  worker.on('error', (error) => process.stderr.write(`BullMQ: ${error.message}\n`))
  const close = atEnd(async () => {
    await worker.close()
    await queue.obliterate({ force: true })
    await queue.close()
  })
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  return {
    async lifecycle(i) {
      const ended = endings.of(i)
      // What has ended goes at once: what Redis keeps would grow with the samples.
      await queue.add('task', { i, attributes: payload(i) }, { removeOnComplete: true })
      await ended
    },
    durability:
      appending === 'yes'
        ? `its log is synced to disk (appendfsync ${syncing})`
        : `in memory${saving ? `, with snapshots (${saving})` : ' only'}: nothing is on disk when it is acknowledged`,
    close
  }
}

/** Starts a Redis of our own that syncs each write to disk before it answers; a text says why that is not possible. */
export async function startSyncedRedis(): Promise<Redis | string> {
  const redis = { host: '127.0.0.1', port: await freePort() }
  const settings = ['--port', String(redis.port), '--bind', redis.host, '--dir', temporaryFolder(), '--save', '']
  const program = 'redis-server' // where it is installed
  const child = spawn(program, [...settings, '--appendonly', 'yes', '--appendfsync', 'always'], { stdio: 'ignore' })
  const failed = new Promise<boolean>((resolve) => child.once('error', () => resolve(true)))
  endWithRun(child)
  for (let tries = 0; tries < 200; tries++) {
    const [hello] = await askRedis(redis, ['PING']).catch(() => [])
    if (hello === 'PONG') return redis
    const again = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 25))
    if (await Promise.race([failed, again])) return 'not measured: there is no redis-server to start'
  }
  return 'not measured: the Redis that was started does not answer'
}

/** Answers of one line or, to CONFIG GET, the value. Written by hand: it is asked before any client is there. */
async function askRedis(redis: Redis, commands: readonly string[]): Promise<string[]> {
  const socket = connect({ ...redis })
  socket.setTimeout(2000, () => socket.destroy(new Error('no answer')))
  await once(socket, 'connect')
  const answers: string[] = []
  for (const command of commands) {
    socket.write(`${command}\r\n`)
    const [text] = (await once(socket, 'data')) as [Buffer]
    // '+PONG', or a list of two, the second of which is the value.
    const lines = text.toString().split('\r\n')
    answers.push(lines[0]?.startsWith('+') ? lines[0].slice(1) : (lines[4] ?? ''))
  }
  socket.destroy()
  return answers
}

/** graphile-worker on the PostgreSQL of this machine, in a schema of its own; a text says why it cannot be measured. */
export async function openGraphileWorker(
  concurrency: number,
  payload: (i: number) => string
): Promise<Contender | string> {
  const client = new pg.Client({ connectionString: namedPostgres, connectionTimeoutMillis: 2000 })
  try {
    await client.connect()
  } catch {
    return 'not measured: no PostgreSQL answers'
  }
  atEnd(() => client.end())
  const schema = `bench_${randomBytes(6).toString('hex')}`
  atEnd(() => client.query(`drop schema if exists ${schema} cascade`))
  const { rows } = await client.query('show synchronous_commit')
  const endings = new Endings()
  const runner = await run({
    connectionString: namedPostgres,
    schema,
    concurrency,
    maxPoolSize: concurrency + 2, // what its documentation recommends
    taskList: { task: async () => {} },
    parsedCronItems: [],
    noHandleSignals: true,
    logger: new Logger(() => () => {})
  })
  runner.events.on('job:complete', ({ job, error }) => {
    const { i } = job.payload as { readonly i: number } // what is added below
    endings.done(i, error ? new Error(String(error)) : undefined)
  })
  return {
    async lifecycle(i) {
      const ended = endings.of(i)
      await runner.addJob('task', { i, attributes: payload(i) })
      await ended
    },
    durability: `each step is a transaction (synchronous_commit ${rows[0]?.synchronous_commit})`,
    close: atEnd(() => runner.stop())
  }
}
