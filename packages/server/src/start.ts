import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type EngineEvent, render } from '@ringdown/engine/events'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import type { Logger } from 'pino'
import { RealClock, TestClock } from './clock/clock.ts'
import { Account } from './commit/account.ts'
import { Unavailable } from './commit/ledger.ts'
import { type Credentials, credentialsFor } from './credentials.ts'
import { deliveriesDigest, deliveriesReader, isAnyUsed } from './delivery/reader.ts'
import { routes } from './delivery/routes.ts'
import { Sender } from './delivery/sender.ts'
import { Credentials as Known } from './http/credentials.ts'
import { envelopeOf } from './http/errors.ts'
import { Metrics } from './http/metrics.ts'
import { buildServer, type MountMcp } from './http/server.ts'
import { askWith } from './operations/conversations/asking.ts'
import { Blanking } from './readers/blanking.ts'
import { type Followed, Follower } from './readers/follower.ts'
import { Retention } from './readers/retention.ts'
import { statisticsDigest } from './readers/statistics.ts'
import { mountEventBridge } from './realtime/event-bridge.ts'
import { type Folder, takeFolder } from './store/folder-lock.ts'
import { openStore } from './store/open.ts'
import { opennessOf } from './store/permissions.ts'
import { CannotOpen, type Store, StoreUnavailable } from './store/store.ts'

export interface StartOptions {
  readonly port: number
  readonly host: string
  /** The data folder: credentials, and the SQLite store. */
  readonly data: string
  /** `postgres://…`, instead of SQLite. */
  readonly database?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly log: Logger
  readonly version: string
  /** Time stands still and moves by `POST /ringdown/v1/clock` only; `at` (milliseconds) is where it begins. */
  readonly testClock?: boolean
  readonly at?: number | undefined
  readonly seed?: number | undefined
  readonly journal?: boolean
  /** Starts on a data folder that does not hold what the mark beside its database says. */
  readonly acceptDataLoss?: boolean
  readonly publicUrl?: string | undefined
  readonly trustProxy?: boolean
  readonly settings?: Settings
  /** Whether webhooks may lead to addresses that are not on the public Internet; by default with a test clock only. */
  readonly allowPrivateDestinations?: boolean | undefined
  /** Makes the handlers of `/mcp` and `/mcp/read-only`, once it is known where the server answers. */
  readonly mcp?: (place: { readonly url: string; readonly hosts: readonly string[] }) => MountMcp
}

/** A server that answers. */
export interface Running {
  /** Where it answers, without a slash at the end. */
  readonly url: string
  readonly credentials: Credentials
  /** There with `testClock`. */
  readonly clock: TestClock | undefined
  /** Resolves with the account when it is this process's; a stand-by waits for that. */
  readonly account: Promise<Account>
  /**
   * Answers what is under way, writes what is decided, lets the account go, and gives those who have not finished some
   * seconds. Resolves when everything is let go of.
   */
  close(): Promise<void>
  /** Ends all connections, for a server that is being closed and shall wait no longer. */
  hangUp(): void
}

/**
 * Starts a server on its data folder (or database). Resolves when it listens; on PostgreSQL another node may still have
 * the account, and then this one stands by and answers 503. Throws CannotOpen with one line for the terminal.
 */
export async function start(options: StartOptions): Promise<Running> {
  const { log } = options
  // With PostgreSQL the folder holds credentials only; the account's lock is in the database.
  const folder = options.database === undefined ? await takeFolder(options.data) : undefined
  let store: Store | undefined
  try {
    const credentials = await credentialsFor(options.data, options.env)
    tellOpenness(log, options.data)
    const { data, database, acceptDataLoss = false } = options
    store = await openStore(database === undefined ? { data, acceptDataLoss } : { database })
    await checkKnown(store, credentials)
    return await serve(options, store, credentials, folder)
  } catch (error) {
    await store?.close().catch((err: unknown) => log.warn({ err }, 'the store did not close'))
    await folder?.release()
    if (!(error instanceof StoreUnavailable)) throw error
    throw new CannotOpen(`Cannot use what is kept in ${folder?.path ?? 'the database'}: ${error.message}.`, {
      cause: error
    })
  }
}

/** Ringdown's files are its own; what else is put there, and their names, is not. */
function tellOpenness(log: Logger, data: string): void {
  const mode = existsSync(data) ? opennessOf(data) : undefined
  if (mode === undefined) return
  const said = 'the data folder is open to other users of this machine: close it with chmod 700'
  log.warn({ folder: resolve(data), mode }, said)
}

/** A database of another account is not taken over silently: this server would make a second account in it. */
async function checkKnown(store: Store, { account_sid, isNew }: Credentials): Promise<void> {
  const accounts = await store.accounts()
  if (isNew && accounts.length > 0 && !accounts.includes(account_sid)) {
    throw new CannotOpen(
      `The database holds account ${accounts[0]}, but the data folder had no credentials: give RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN, or the folder that has them.`
    )
  }
}

async function serve(
  options: StartOptions,
  store: Store,
  credentials: Credentials,
  folder: Folder | undefined
): Promise<Running> {
  const { log, settings = defaultSettings, seed, journal, testClock } = options
  const allowPrivate = options.allowPrivateDestinations ?? testClock ?? false
  const testing = testClock ? new TestClock(options.at ?? Date.now()) : undefined
  const real = new RealClock()
  const clock = testing ?? real
  real.time.onStep.add(({ by, at }) => log.warn({ by_ms: by, at }, clockStepText(by)))
  const metrics = new Metrics()
  const { account_sid, auth_token } = credentials
  let account: Account | undefined
  let sender: Sender | undefined
  let mounted: MountMcp | undefined
  let closing: Promise<void> | undefined
  const ask = askWith({ auth_token, allowPrivate, log })
  const app = buildServer({
    credentials: new Known([{ username: account_sid, password: auth_token, account_sid }]),
    // A request that is complete only after the stop is decided by the next one.
    ledger: (sid) => (sid === account_sid && !closing ? account : undefined),
    account: (sid) => (sid === account_sid ? account : undefined),
    isReady: async () => {
      await store.ping()
      return account?.isReady ?? false
    },
    trouble: () => store.trouble() ?? (account ? undefined : 'another node has the account, or it is being loaded'),
    sender: (sid) => (sid === account_sid ? sender : undefined),
    ask: (_account_sid, ...question) => ask(...question),
    now: () => clock.now(),
    clockStep: () => real.time.step,
    ...(testing && { clock: testing }),
    metrics,
    log,
    version: options.version,
    publicUrl: options.publicUrl,
    trustProxy: options.trustProxy ?? false,
    mcp: (request, response, context) => {
      if (!mounted) throw new Error('invariant: a request comes after listening')
      return mounted(request, response, context)
    }
  })
  mountEventBridge(app, {
    account: (sid) => (sid === account_sid ? account : undefined),
    // There are no API keys yet: an account signs its tokens with its auth token.
    keys: (issuer) => (issuer === account_sid ? { account_sid, secret: auth_token } : undefined),
    now: () => clock.now(),
    machineNow: () => real.now(),
    envelopeOf,
    log,
    limits: { sockets_per_worker: settings.limits.sockets_per_worker }
  })
  const url = await listen(app, options)
  mounted = options.mcp?.({ url, hosts: hostsOf(options) })
  await folder?.announce({ url })
  metrics.queueLength(() => account?.queueLength ?? 0)
  metrics.deliveries({ figures: () => sender?.figures, oldest: async () => (await sender?.oldest()) ?? 0 })

  const readers: { close(grace_ms?: number): Promise<void> }[] = []
  const abort = new AbortController()
  const opening = Account.open(
    {
      store,
      account_sid,
      clock,
      log,
      settings,
      ...(seed !== undefined && { seed }),
      ...(journal !== undefined && { journal })
    },
    abort.signal
  ).then(async (opened) => {
    opened.onBatch.add((seconds, decisions) => metrics.commitTook(seconds, decisions))
    testing?.register(opened)
    opened.subscribe((events) => tellWarnings(log, events))
    if (!testing && opened.state.at > Date.now() + 60_000)
      log.warn({ at: opened.state.at }, 'the data is ahead of the clock: time goes on from there, a hundredth slower')
    const statistics = new Follower({
      store,
      account: opened,
      log,
      reader: 'statistics',
      digest: statisticsDigest(store, account_sid)
    })
    opened.readers.set('statistics', statistics)
    const { concurrency, kept_days } = settings.deliveries
    const retention = new Retention({ store, account_sid, clock, log, deliveries_kept_days: kept_days })
    testing?.register(retention)
    const blanking = new Blanking({
      store,
      account: opened,
      clock,
      log,
      onBlanked(deliveries) {
        for (const forget of opened.onBlanked) forget()
        if (deliveries > 0) sender?.reset()
      }
    })
    testing?.register(blanking)
    const sending = new Sender({
      store,
      account: opened,
      clock,
      log,
      auth_token,
      allowPrivate,
      concurrency,
      // Loaded by the first record: most servers know no stream.
      kinesis: async (message, sent) => (await import('./delivery/kinesis.ts')).putRecord(message, sent),
      webhookSecret: options.env.RINGDOWN_WEBHOOK_SECRET,
      inOrder: testing !== undefined
    })
    sending.onAttempt.add((kind, outcome) => metrics.deliveryAttempted(kind, outcome))
    const deliveries = new Follower({
      store,
      account: toldOf(opened),
      log,
      reader: deliveriesReader,
      // What another node reads is not ours to send; what a request caused is sent after its answer.
      read: async (cursor, limit) => {
        if (!opened.isReady) throw new Unavailable('the account is not ours')
        const read = await store.log(account_sid, cursor, limit)
        // Asked for only now: whoever is told meanwhile wakes nobody again who is reading.
        return read.filter(({ seq }) => seq <= opened.told_seq)
      },
      digest: deliveriesDigest({ store, account: opened, routes, now: () => clock.now(), log }),
      rest_ms: 0,
      // What happened before there were deliveries is not sent any more.
      begins_at: opened.state.next_event - 1,
      isNeeded: () => isAnyUsed(routes, opened.state),
      onWritten: ({ deliveries: fresh = [] }) => sending.offer(fresh),
      onFailed: () => sending.reset()
    })
    testing?.register(deliveries)
    testing?.register(sending)
    sender = sending
    readers.push(statistics, retention, blanking, deliveries, sending)
    // What every account has: a Flex instance with its workspace, and a conversation service.
    if (opened.state.tables.flex_configuration.size === 0) await opened.execute({ type: 'flex.setup' })
    account = opened
    return opened
  })
  opening.catch(() => {}) // whoever waits for `account` is told
  if (options.database === undefined) {
    await opening.catch(async (error: unknown) => {
      await app.close()
      throw error
    })
  }

  const letGo = async () => {
    const opened = await opening.catch(() => undefined)
    // Another node waits for the account: what a destination has not answered by then, it will be asked again.
    const grace_ms = options.database === undefined ? undefined : handOver_ms
    for (const reader of readers) await reader.close(grace_ms)
    await opened?.close()
    await store.close()
    await folder?.release()
  }
  const close = async () => {
    abort.abort(new CannotOpen('the server stops'))
    const ended = app.close()
    ended.catch(() => {}) // told below
    // What is under way is answered in this time, unless its caller holds it up; the account is not held for that.
    await Promise.race([ended, delay(answer_ms)])
    await letGo()
    await ended
  }
  return {
    url,
    credentials,
    clock: testing,
    account: opening,
    close: () => (closing ??= close()),
    hangUp: () => app.hangUp()
  }
}

/** Milliseconds for requests that came before the server stopped, and for deliveries that are under way then. */
const answer_ms = 200
const handOver_ms = 200

/** An account as it is for those who may not be ahead of the answers: what is settled is what has been told. */
function toldOf(account: Account): Followed {
  return {
    account_sid: account.account_sid,
    get state() {
      return account.state
    },
    settled: () => account.told(),
    subscribe: (listener) => account.subscribe(listener)
  }
}

function clockStepText(by: number): string {
  const seconds = Math.round(Math.abs(by) / 1000)
  if (by > 0)
    return `the clock was put forward by ${seconds} s, or the machine slept: what is due since then is done now`
  return `the clock was put back by ${seconds} s: time goes on as if it had not been, a hundredth slower until the clock has caught up`
}

/** What Twilio is silent about is for whoever runs the server as well. */
function tellWarnings(log: Logger, events: readonly EngineEvent[]): void {
  for (const event of events) {
    if (event.type !== 'ringdown.warning') continue
    const { description, resource_type, resource_sid, data } = render(event)
    log.warn({ warning: data.warning, resource_type, resource_sid }, description)
  }
}

/** Names under which callers know this server, for the check of `Host` at /mcp. */
function hostsOf({ host, publicUrl }: StartOptions): string[] {
  return [...(host === '0.0.0.0' || host === '::' ? [] : [host]), ...(publicUrl ? [new URL(publicUrl).hostname] : [])]
}

async function listen(app: ReturnType<typeof buildServer>, { port, host }: StartOptions): Promise<string> {
  try {
    await app.listen({ port, host })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const known: Record<string, string> = {
      EADDRINUSE: `Port ${port} is in use: stop what listens there, or choose another one with --port.`,
      EACCES: `Port ${port} may not be used by this user: choose another one with --port.`,
      EADDRNOTAVAIL: `This machine has no address ${host}: choose another one with --host.`,
      ENOTFOUND: `There is no host ${host}: choose another one with --host.`
    }
    throw new CannotOpen(known[code ?? ''] ?? `Cannot listen on ${host}:${port}: ${message}.`, { cause: error })
  }
  const address = app.server.address() as AddressInfo // it listens on a port
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${address.port}`
}
