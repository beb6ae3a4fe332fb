import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { memberAt } from '@ringdown/engine/core/member-at'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import type { Logger } from 'pino'
import { Admission } from './access/admission.ts'
import { type Providers, readProviders } from './access/providers.ts'
import { type Sealing, sealingFor } from './access/sealing.ts'
import type { TokenCaller } from './access/tokens.ts'
import type { Webchats } from './access/webchats.ts'
import { RealClock, TestClock } from './clock/clock.ts'
import type { Account } from './commit/account.ts'
import { type AccountCredentials, credentialsFor } from './credentials.ts'
import { Credentials as Known } from './http/credentials.ts'
import { envelopeOf } from './http/errors.ts'
import { Exchanges, type OpenExchange } from './http/exchanges.ts'
import type { MountMcp } from './http/mcp.ts'
import { Metrics } from './http/metrics.ts'
import { crmOrigins, type DeskPages, hasDesk } from './http/pages.ts'
import { buildServer } from './http/server.ts'
import { hasWebchat } from './http/webchat-pages.ts'
import type { Keeping } from './log/retention.ts'
import { Media } from './media/media.ts'
import { missesMedia, openMediaStore } from './media/open.ts'
import type { MediaStore } from './media/store.ts'
import { type OpenedAccount, openAccount, type VoiceOptions } from './opened-account.ts'
import { preWebhookRequester } from './operations/conversations/pre-webhook-request.ts'
import type { VoicePermission } from './realtime/voice-sdk/devices.ts'
import { mountVoiceSdk } from './realtime/voice-sdk/signal.ts'
import { mountEventBridge } from './realtime/worker-sdk/event-bridge.ts'
import { schema } from './schema.ts'
import { type Folder, takeFolder } from './store/folder-lock.ts'
import { openStore } from './store/open.ts'
import { opennessOf } from './store/permissions.ts'
import { CannotOpen, type Store, StoreUnavailable } from './store/store.ts'
import { codeOf, messageOf } from './store/thrown.ts'
import { type PossibleSound, possibleSound } from './voice/possible-sound.ts'

export interface StartOptions {
  readonly port: number
  readonly host: string
  /** The data folder: credentials, and the SQLite store. */
  readonly data: string
  /** `postgres://…`, instead of SQLite. */
  readonly database?: string | undefined
  /** Where files of messages are: a folder, or `s3://bucket/prefix`; by default in the data folder. */
  readonly media?: string | undefined
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
  /** The file that says at which providers people may sign in (`access/providers.ts`). */
  readonly signIn?: string | undefined
  /** Paths of a certificate and its key: with them, TLS is served and nothing else. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly settings?: Settings
  /** Keeps all for a shorter time, for programs that measure what long times leave. */
  readonly keeping?: Keeping | undefined
  /** The folder with a build of the desk, served at `/desk/` where there is one. */
  readonly desk?: string | undefined
  /** The folder with a build of web chat, served at `/webchat/` where there is one. */
  readonly webchat?: string | undefined
  /** Whether webhooks may lead to addresses that are not on the public Internet; by default with a test clock only. */
  readonly allowPrivateDestinations?: boolean | undefined
  /** Whether browsers may call; by default where the clock is real, and something can connect them. */
  readonly voice?: boolean | undefined
  /** The one UDP port for the sound of all browsers. */
  readonly voicePort?: number | undefined
  /** Servers of STUN or TURN, as `stun:host:port`. */
  readonly iceServers?: readonly string[] | undefined
  /** Makes the handlers of `/mcp` and `/mcp/read-only`, once it is known where the server answers. */
  readonly mcp?: (place: { readonly url: string; readonly hosts: readonly string[] }) => MountMcp
}

/** A server that answers. */
export interface Running {
  /** Where it answers, without a slash at the end. */
  readonly url: string
  readonly credentials: AccountCredentials
  /** Whether there is web chat at `/webchat/`. */
  readonly hasWebchat: boolean
  /** Whether there is a desk at `/desk/`. */
  readonly hasDesk: boolean
  /** What of sound there can be, and why not more; undefined where there is to be none. */
  readonly sound: PossibleSound | undefined
  /** There with `testClock`. */
  readonly clock: TestClock | undefined
  /** Resolves with the account when it is this process's; a stand-by waits for that. */
  readonly account: Promise<Account>
  /**
   * Answers what is under way, writes what is decided, lets the account go, and gives those who have not finished some
   * seconds. Resolves when everything is let go of.
   */
  close(): Promise<void>
  /** Opens an exchange of several requests, for whoever makes them in this process for one answer. */
  exchange(): OpenExchange
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
  let media: MediaStore | undefined
  try {
    const credentials = await credentialsFor(options.data, options.env)
    const sealing = await sealingFor(options.data, options.env)
    const providers = options.signIn === undefined ? undefined : await readProviders(options.signIn)
    tellOpenness(log, options.data)
    const { data, database, acceptDataLoss = false } = options
    const how = { schema, acceptDataLoss, tell: (line: string) => log.info(line) }
    store = await openStore(database === undefined ? { data, ...how } : { database, ...how })
    await checkKnown(store, credentials)
    const { account_sid } = credentials
    media = await openMediaStore({ account_sid, data, media: options.media, env: options.env })
    await checkMedia(options, { store, media, account_sid })
    return await serve(options, { store, media, credentials, sealing, providers, folder })
  } catch (error) {
    media?.close()
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
async function checkKnown(store: Store, { account_sid, isNew }: AccountCredentials): Promise<void> {
  const accounts = await store.accounts()
  if (isNew && accounts.length > 0 && !accounts.includes(account_sid)) {
    throw new CannotOpen(
      `The database holds account ${accounts[0]}, but the data folder had no credentials: give RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN, or the folder that has them.`
    )
  }
}

/**
 * Files that messages tell of are to be there. With a database, this node may be another one than has kept them, and one
 * without the files does not stand by for it.
 */
async function checkMedia(
  { log, database, media: given, acceptDataLoss = false }: StartOptions,
  { store, media, account_sid }: { readonly store: Store; readonly media: MediaStore; readonly account_sid: string }
): Promise<void> {
  if (!(await missesMedia(store, media, account_sid))) return
  if (database === undefined || acceptDataLoss) {
    log.warn({ media: media.place }, 'files of messages are missing: what is kept tells of some that are not there')
    return
  }
  const advice =
    given === undefined
      ? 'give all nodes one place for them: --media with a folder that each of them sees, or with s3://bucket/prefix'
      : 'give --media the place where they are'
  throw new CannotOpen(
    `The database tells of files of messages that are not in ${media.place}: ${advice}. --accept-data-loss starts without them.`
  )
}

/** An account that this server serves, and the token that it calls and is signed with. */
interface Served {
  readonly account_sid: string
  readonly auth_token: string
}

/** What a server is started on. */
interface Ground {
  readonly store: Store
  readonly media: MediaStore
  readonly credentials: AccountCredentials
  readonly sealing: Sealing
  readonly providers: Providers | undefined
  readonly folder: Folder | undefined
}

async function serve(
  options: StartOptions,
  { store, media, credentials, sealing, providers, folder }: Ground
): Promise<Running> {
  const { log, testClock } = options
  const testing = testClock ? new TestClock(options.at ?? Date.now()) : undefined
  const real = new RealClock()
  const clock = testing ?? real
  real.time.onStep.add(({ by, at }) => log.warn({ by_ms: by, at }, clockStepText(by)))
  const metrics = new Metrics()
  const served: readonly Served[] = [credentials]
  /** Those of them that are this process's by now. */
  const accounts = new Map<string, OpenedAccount>()
  const exchanges = new Exchanges()
  let mounted: MountMcp | undefined
  let closing: Promise<void> | undefined
  const { app, url } = await listenFor(options, {
    store,
    sealing,
    providers,
    served,
    accounts,
    clock,
    real,
    metrics,
    exchanges,
    isClosing: () => closing !== undefined,
    mcp: (request, response, context) => {
      if (!mounted) throw new Error('invariant: a request comes after listening')
      return mounted(request, response, context)
    }
  })
  mounted = options.mcp?.({ url, hosts: hostsOf(options) })
  await folder?.announce({ url })
  const sound = (options.voice ?? !testClock) ? possibleSound() : undefined
  watch(metrics, accounts)

  const abort = new AbortController()
  const opening = served.map(async (one): Promise<Account> => {
    const opened = await openServed(options, one, { store, media, sealing, clock, metrics, sound }, abort.signal)
    accounts.set(one.account_sid, opened)
    return opened.account
  })
  for (const one of opening) one.catch(() => {}) // whoever waits for `account` is told
  if (options.database !== undefined)
    standByFor(opening, { options, store, media, account_sid: credentials.account_sid, abort })
  const letAccountsGo = async () => {
    await Promise.allSettled(opening)
    // Another node waits for them: what a destination has not answered by then, it will be asked again.
    const grace_ms = options.database === undefined ? undefined : handOver_ms
    await Promise.all([...accounts.values()].map((opened) => opened.close(grace_ms)))
  }
  if (options.database === undefined) {
    await Promise.all(opening).catch(async (error: unknown) => {
      await app.close()
      await letAccountsGo()
      throw error
    })
  }

  const letGo = async () => {
    await letAccountsGo()
    media.close()
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
    sound,
    hasDesk: options.desk !== undefined && hasDesk(options.desk),
    hasWebchat: webchatOf(options) !== undefined,
    clock: testing,
    account: memberAt(opening, 0), // one is served
    close: () => (closing ??= close()),
    exchange: () => exchanges.open(credentials.account_sid),
    hangUp: () => app.hangUp()
  }
}

/** What accounts are opened on, beside what the server was started with. */
interface Opening extends Pick<Ground, 'store' | 'media' | 'sealing'> {
  readonly clock: RealClock | TestClock
  readonly metrics: Metrics
  readonly sound: PossibleSound | undefined
}

/** Opens an account with those who work for it; resolves when it is this process's. */
function openServed(
  options: StartOptions,
  { account_sid, auth_token }: Served,
  { store, media, sealing, clock, metrics, sound }: Opening,
  signal: AbortSignal
): Promise<OpenedAccount> {
  const { log, settings, seed, journal, keeping, env } = options
  const allowPrivate = allowsPrivate(options)
  const files = new Media({ store: media, key: sealing.derived('links to media'), account_sid, allowPrivate })
  return openAccount(
    {
      ...{ store, account_sid, auth_token, media: files, isMediaShared: options.database !== undefined },
      ...{ clock, metrics, log, settings, seed, journal, sealing, keeping, allowPrivate },
      webhookSecret: env.RINGDOWN_WEBHOOK_SECRET,
      publicUrl: options.publicUrl,
      voice: sound?.webrtc === undefined ? undefined : voiceOptions(options)
    },
    signal
  )
}

interface StandBy {
  readonly options: StartOptions
  readonly store: Store
  readonly media: MediaStore
  readonly account_sid: string
  readonly abort: AbortController
}

/**
 * While this node waits for an account, the one that has it may take the first files: this one does not go on standing by
 * then, unless it sees them.
 */
function standByFor(
  opening: readonly Promise<unknown>[],
  { options, store, media, account_sid, abort }: StandBy
): void {
  if (options.acceptDataLoss) return
  const looking = setInterval(() => {
    checkMedia(options, { store, media, account_sid }).catch((error: unknown) => {
      // What the store has to say is heard by whoever waits for it.
      if (error instanceof CannotOpen) abort.abort(error)
    })
  }, look_ms)
  looking.unref()
  void Promise.allSettled(opening).then(() => clearInterval(looking))
}

/** Between two looks of a node that stands by. */
const look_ms = 2000
/** Milliseconds for requests that came before the server stopped, and for deliveries that are under way then. */
const answer_ms = 200
const handOver_ms = 200

/** What the doors of the server open to. */
interface Inside {
  readonly store: Store
  readonly sealing: Sealing
  readonly providers: Providers | undefined
  readonly served: readonly Served[]
  readonly accounts: ReadonlyMap<string, OpenedAccount>
  readonly clock: RealClock | TestClock
  /** The machine's own, under a test clock, too: what others sign goes by it. */
  readonly real: RealClock
  readonly metrics: Metrics
  readonly exchanges: Exchanges
  readonly isClosing: () => boolean
  readonly mcp: MountMcp
}

/** Builds the server, and resolves when it listens. Who calls for an account that is not open yet is answered 503. */
async function listenFor(
  options: StartOptions,
  { store, sealing, providers, served, accounts, clock, real, metrics, exchanges, isClosing, mcp }: Inside
): Promise<{ readonly app: ReturnType<typeof buildServer>; readonly url: string }> {
  const { log, settings = defaultSettings } = options
  const tokens = new Map(served.map(({ account_sid, auth_token }) => [account_sid, auth_token]))
  const allowPrivate = allowsPrivate(options)
  const asks = new Map(
    served.map(({ account_sid, auth_token }) => [account_sid, preWebhookRequester({ auth_token, allowPrivate, log })])
  )
  const admission = new Admission({
    authTokens: tokens,
    account: (sid) => accounts.get(sid)?.account,
    sealing,
    now: () => clock.now(),
    machineNow: () => real.now(),
    log
  })
  const app = buildServer({
    credentials: new Known(
      served.map(({ account_sid, auth_token }) => ({ username: account_sid, password: auth_token, account_sid })),
      admission
    ),
    // A request that is complete only after the stop is decided by the next one.
    ledger: (sid) => (isClosing() ? undefined : accounts.get(sid)?.account),
    account: (sid) => accounts.get(sid)?.account,
    isReady: async () => {
      await store.ping()
      return served.every(({ account_sid }) => accounts.get(account_sid)?.account.isReady)
    },
    trouble: () =>
      store.trouble() ??
      (accounts.size === served.length ? undefined : 'another node has the account, or it is being loaded'),
    sender: (sid) => accounts.get(sid)?.sender,
    statistics: (sid) => accounts.get(sid)?.statistics,
    insights: (sid) => accounts.get(sid)?.insights,
    erasure: (sid) => accounts.get(sid)?.erasure,
    media: (sid) => accounts.get(sid)?.media,
    iceServers: options.iceServers,
    ask: (sid, ...question) => {
      const ask = asks.get(sid)
      if (!ask) throw new Error('invariant: who asks is an account that is served')
      return ask(...question)
    },
    now: () => clock.now(),
    clockStep: () => real.time.step,
    ...(clock instanceof TestClock && { clock }),
    metrics,
    exchanges,
    log,
    version: options.version,
    publicUrl: options.publicUrl,
    tls: options.tls && tlsOf(options.tls),
    providers,
    trustProxy: options.trustProxy ?? false,
    desk: deskOf(options, served, accounts),
    webchat: webchatOf(options),
    mcp
  })
  mountVoiceSdk(app, {
    tokens: admission.tokens,
    devices: (sid) => accounts.get(sid)?.voiceDevices,
    permission: (caller) => voicePermission(caller, admission.webchats),
    machineNow: () => real.now(),
    log
  })
  mountEventBridge(app, {
    account: (sid) => accounts.get(sid)?.account,
    tokens: admission.tokens,
    now: () => clock.now(),
    machineNow: () => real.now(),
    envelopeOf,
    log,
    limits: { sockets_per_worker: settings.limits.sockets_per_worker }
  })
  return { app, url: await listen(app, options) }
}

function voiceOptions({ data, voicePort: port, iceServers: ice_servers = [] }: StartOptions): VoiceOptions {
  return { folder: join(data, 'voice'), port, ice_servers }
}

/** A token says what its device may do; whoever has signed in as a worker is called as that one. */
function voicePermission(
  { grants: { identity, voice, ringdown }, issuer, standing }: TokenCaller,
  webchats: Webchats
): VoicePermission | undefined {
  if (voice && identity !== undefined) {
    const isStranger = issuer.startsWith('WD')
    return { identity, ...voice, ...(isStranger && { takeCall: () => webchats.takeCall(identity) }) }
  }
  const stands = ringdown && standing()
  if (stands?.kind !== 'roles' || stands.worker_sid === undefined || stands.identity === undefined) return undefined
  return { identity: stands.identity, incoming: true, outgoing: undefined }
}

function webchatOf({ webchat }: StartOptions): string | undefined {
  return webchat !== undefined && hasWebchat(webchat) ? webchat : undefined
}

function deskOf(
  { desk }: StartOptions,
  [first]: readonly Served[],
  accounts: ReadonlyMap<string, OpenedAccount>
): DeskPages | undefined {
  if (desk === undefined || !first || !hasDesk(desk)) return undefined
  const { account_sid } = first
  const configuration = () => accounts.get(account_sid)?.account.state.find('flex_configuration', account_sid)
  return { folder: desk, frames: () => crmOrigins(configuration() && { ...configuration() }) }
}

function clockStepText(by: number): string {
  const seconds = Math.round(Math.abs(by) / 1000)
  if (by > 0)
    return `the clock was put forward by ${seconds} s, or the machine slept: what is due since then is done now`
  return `the clock was put back by ${seconds} s: time goes on as if it had not been, a hundredth slower until the clock has caught up`
}

/** Whether webhooks may lead to addresses that are not on the public Internet. */
function allowsPrivate({ allowPrivateDestinations, testClock }: StartOptions): boolean {
  return allowPrivateDestinations ?? testClock ?? false
}

/** Lets the metrics ask the accounts that are open: all of them together, and the oldest delivery of any. */
function watch(metrics: Metrics, accounts: ReadonlyMap<string, OpenedAccount>): void {
  const opened = () => [...accounts.values()]
  metrics.queueLength(() => opened().reduce((sum, { account }) => sum + account.queueLength, 0))
  metrics.sound(async () =>
    opened()
      .find(({ switchboard }) => switchboard.on)
      ?.switchboard.sound?.figures()
  )
  metrics.deliveries({
    figures: () => {
      const sum = { queued: 0, sending: 0, away: 0 }
      for (const { sender } of accounts.values()) {
        const { queued, sending, away } = sender.figures
        sum.queued += queued
        sum.sending += sending
        sum.away += away
      }
      return sum
    },
    oldest: async () => Math.max(0, ...(await Promise.all(opened().map(({ sender }) => sender.oldest()))))
  })
}

/** Names under which callers know this server, for the check of `Host` at /mcp. */
function hostsOf({ host, publicUrl }: StartOptions): string[] {
  return [...(host === '0.0.0.0' || host === '::' ? [] : [host]), ...(publicUrl ? [new URL(publicUrl).hostname] : [])]
}

async function listen(app: ReturnType<typeof buildServer>, { port, host, tls }: StartOptions): Promise<string> {
  try {
    await app.listen({ port, host })
  } catch (error) {
    const known: Record<string, string> = {
      EADDRINUSE: `Port ${port} is in use: stop what listens there, or choose another one with --port.`,
      EACCES: `Port ${port} may not be used by this user: choose another one with --port.`,
      EADDRNOTAVAIL: `This machine has no address ${host}: choose another one with --host.`,
      ENOTFOUND: `There is no host ${host}: choose another one with --host.`
    }
    const why = known[codeOf(error) ?? ''] ?? `Cannot listen on ${host}:${port}: ${messageOf(error)}.`
    throw new CannotOpen(why, { cause: error })
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('invariant: the server listens on a port')
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${tls ? 'https' : 'http'}://${name}:${address.port}`
}

/** What the files hold. Throws CannotOpen with one line. */
function tlsOf({ cert, key }: NonNullable<StartOptions['tls']>): { readonly cert: Buffer; readonly key: Buffer } {
  const read = (path: string) => {
    try {
      return readFileSync(path)
    } catch (error) {
      throw new CannotOpen(`Cannot read ${path}: ${messageOf(error)}.`, { cause: error })
    }
  }
  const files = { cert: read(cert), key: read(key) }
  try {
    createSecureContext(files)
  } catch (error) {
    throw new CannotOpen(`${cert} and ${key} are no certificate and its key: ${messageOf(error)}.`, {
      cause: error
    })
  }
  return files
}
