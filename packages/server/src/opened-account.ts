import { join } from 'node:path'
import { type EngineEvent, render } from '@ringdown/engine/events'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import type { Logger } from 'pino'
import type { Sealing } from './access/sealing.ts'
import { forgetCells } from './analytics/cells.ts'
import { Erasures } from './analytics/erasures.ts'
import { forgetSegments } from './analytics/segments.ts'
import { Statistics } from './analytics/statistics.ts'
import { type CarrierGround, carrying } from './carriers/carry.ts'
import { Connections } from './carriers/connections.ts'
import { type Clock, type Moved, TestClock } from './clock/clock.ts'
import { Account } from './commit/account.ts'
import { eraseKeptAnswers, forgetKeptAnswers, keptAnswer_ms } from './commit/kept-answers.ts'
import { cascades, coldKinds } from './commit/kinds.ts'
import { Unavailable } from './commit/ledger.ts'
import { deliveriesBlanking } from './delivery/blanked.ts'
import { carrierSender } from './delivery/carrier-messages.ts'
import { deliveriesDigest, deliveriesReader, isAnyUsed } from './delivery/reader.ts'
import { situationSigning } from './delivery/receivers/situations.ts'
import { routes } from './delivery/receivers.ts'
import { DeliveryRows } from './delivery/rows.ts'
import { Sender } from './delivery/sender.ts'
import type { Metrics } from './http/metrics.ts'
import { InsightDesk } from './insights/insight-desk.ts'
import { Questions } from './insights/questions.ts'
import { AuditRows } from './log/audit.ts'
import { Blanking } from './log/blanking.ts'
import { type ExecutionTables, ExecutionTexts, forgetExecutions } from './log/execution-texts.ts'
import { type Followed, Follower } from './log/follower.ts'
import { Forgetting } from './log/forgetting.ts'
import { type Expiring, type Keeping, lookBackMs, Retention } from './log/retention.ts'
import type { Media } from './media/media.ts'
import { MediaSweep } from './media/sweep.ts'
import { preWebhookRequester } from './operations/conversations/pre-webhook-request.ts'
import type { CustomerErasure } from './operations/handler.ts'
import { keptFile, keptFiles } from './operations/media/kept-files.ts'
import { agreedMessage } from './operations/ringdown/agreed-message.ts'
import { situationSecretsOf } from './operations/ringdown/situations.ts'
import { VoiceDevices } from './realtime/voice-sdk/devices.ts'
import type { Aging } from './store/query.ts'
import type { Store } from './store/store.ts'
import { coldTable, type Table } from './store/tables.ts'
import { AccountLedger } from './voice/account-ledger.ts'
import { CallErasure } from './voice/call-erasure.ts'
import { Sounds } from './voice/sounds.ts'
import { Switchboard } from './voice/switchboard.ts'

export interface OpenAccountOptions {
  readonly store: Store
  readonly account_sid: string
  readonly auth_token: string
  readonly media: Media
  /** Whether other nodes see the same files. */
  readonly isMediaShared: boolean
  /** A test clock moves the account, and whoever works for it. */
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
  readonly settings?: Settings | undefined
  readonly seed?: number | undefined
  readonly journal?: boolean | undefined
  readonly allowPrivate: boolean
  /** Opens the secrets of carriers. */
  readonly sealing: Sealing
  /** Signs deliveries as Standard Webhooks ask as well. */
  readonly webhookSecret?: string | undefined
  /** Where others reach this server, for what they are told to fetch here. */
  readonly publicUrl?: string | undefined
  /** Where the process of the sound has its files; undefined where there is to be no sound. */
  readonly voice: VoiceOptions | undefined
  /** For how long it keeps what has an end, where that is not as long as usual. */
  readonly keeping?: Keeping | undefined
}

/** How sound is made (decision 048). */
export interface VoiceOptions {
  readonly folder: string
  /** The one UDP port of all browsers. */
  readonly port: number | undefined
  readonly ice_servers: readonly string[]
}

/** An account that this process serves, with those who work for it. */
export interface OpenedAccount {
  readonly account: Account
  /** Sends on its behalf. */
  readonly sender: Sender
  /** Counts what happens in it. */
  readonly statistics: Statistics
  /** Answers what people ask about that. */
  readonly insights: InsightDesk
  /** Forgets its customers. */
  readonly erasure: CustomerErasure
  /** Its files. */
  readonly media: Media
  /** Its calls' sound, and the devices that call. */
  readonly switchboard: Switchboard
  readonly voiceDevices: VoiceDevices
  /**
   * Stops those who work for it, and lets it go. Deliveries that are under way have `grace_ms` to be answered; by default
   * as long as the sender gives them.
   */
  close(grace_ms?: number): Promise<void>
}

/** Whoever works for an account until it is let go. */
interface Worker {
  close(grace_ms?: number): Promise<void>
}

/**
 * Takes an account (waiting while another node has it), and begins to read its log, to forget what is too old, and to
 * send. Resolves when it has what every account has. The signal ends the waiting.
 */
export async function openAccount(options: OpenAccountOptions, signal: AbortSignal): Promise<OpenedAccount> {
  const { store, account_sid, clock, metrics, log, settings = defaultSettings, seed, journal } = options
  const account = await Account.open(
    {
      store,
      account_sid,
      clock,
      log,
      settings,
      ...(seed !== undefined && { seed }),
      ...(journal !== undefined && { journal })
    },
    signal
  )
  const testing = clock instanceof TestClock ? clock : undefined
  account.onBatch.add((seconds, decisions) => metrics.commitTook(seconds, decisions))
  testing?.register(account)
  account.subscribe((events) => logWarnings(log, events))
  account.subscribe((events) => countMessages(metrics, events))
  if (!testing && account.state.at > Date.now() + 60_000) {
    const message = 'the data is ahead of the clock: time goes on from there, a hundredth slower'
    log.warn({ at: account.state.at }, message)
  }
  const open = async () => {
    const erasures = await Erasures.open(store, account_sid)
    return { erasures, statistics: await Statistics.open({ store, account, log, erasures }) }
  }
  const { erasures, statistics } = await open().catch(async (error: unknown) => {
    await account.close()
    throw error
  })
  const questions = new Questions({ store, statistics, query_s: settings.insights.query_s })
  const insights = new InsightDesk({
    account,
    questions,
    pushing: { now: () => clock.now(), isTesting: testing !== undefined, log }
  })
  const ground = carrierGround(account, options)
  const connections = connectionsOf(account, options, ground)
  const sender = senderOf(account, options, ground, connections)
  const others = expiringOf(store, account_sid, settings)
  const retention = new Retention({ store, account_sid, clock, log, others, keeping: options.keeping })
  testing?.register(retention)
  const forgetting = new Forgetting({ store, account, clock, log, kinds: coldKinds })
  testing?.register(forgetting)
  const blanking = blankingOf(account, sender, options)
  testing?.register(blanking)
  const deliveries = readDeliveries(account, sender, options)
  testing?.register(deliveries)
  testing?.register(sender)
  const { media, isMediaShared: isShared } = options
  const sweep = new MediaSweep({ media, account, clock, log, isShared })
  testing?.register(sweep)
  const { switchboard, voiceDevices } = voiceOf(account, options)
  const workers: readonly Worker[] = [
    connections,
    switchboard,
    sweep,
    statistics,
    retention,
    forgetting,
    blanking,
    deliveries,
    sender
  ]
  const close = async (grace_ms?: number) => {
    insights.boards.close()
    voiceDevices.close()
    for (const worker of workers) await worker.close(grace_ms)
    await account.close()
  }
  try {
    // What every account has: a Flex instance with its workspace, and a conversation service.
    if (account.state.tables.flex_configuration.size === 0) await account.execute({ type: 'flex.setup' })
  } catch (error) {
    await close()
    throw error
  }
  connections.open()
  switchboard.start(voiceDevices)
  const erasure = erasureOf(store, account, erasures)
  return { account, sender, statistics, media, insights, erasure, switchboard, voiceDevices, close }
}

/** What has text of customers that outlives their conversations: contacts, what flows have said and heard, calls. */
function erasureOf(store: Store, account: Account, contacts: Erasures): CustomerErasure {
  const executions = new ExecutionTexts(store, account, executionTables())
  const calls = new CallErasure(store, account, { call: coldTableOf('call'), recording: coldTableOf('recording') })
  return {
    forget: async (customer, at) => ({
      contacts: await contacts.forget(customer, at),
      executions: await executions.erasePerson(customer),
      calls: await calls.erasePerson(customer)
    })
  }
}

function voiceOf(
  account: Account,
  { account_sid, voice, media, sealing, log }: OpenAccountOptions
): Pick<OpenedAccount, 'switchboard' | 'voiceDevices'> {
  const sounds = new Sounds(join(voice?.folder ?? '', 'sounds'), media)
  const secret = sealing.derived('the link to the sound').toString('base64url')
  const switchboard = new Switchboard({
    ledger: new AccountLedger({ account, media, sounds, log }),
    sound: voice && { ...voice, secret },
    log
  })
  const reconnectKey = sealing.derived('calls of devices')
  return { switchboard, voiceDevices: new VoiceDevices({ account_sid, switchboard, reconnectKey, log }) }
}

function connectionsOf(account: Account, options: OpenAccountOptions, ground: CarrierGround): Connections {
  const { metrics, log, media, auth_token, allowPrivate } = options
  const asking = {
    ledger: account,
    now: ground.now,
    ask: preWebhookRequester({ auth_token, allowPrivate, log }),
    get state() {
      return account.state
    }
  }
  const connections = new Connections({
    ground,
    log,
    keep: (content, about) => keptFile(account, media, content, about),
    agree: (message) => agreedMessage(asking, message),
    onState: (carrier, type, isUp) => metrics.carrierConnection(carrier, type, isUp)
  })
  account.subscribe((events) => connections.heard(events))
  return connections
}

function senderOf(
  account: Account,
  options: OpenAccountOptions,
  ground: CarrierGround,
  connections: Connections
): Sender {
  const { store, account_sid, auth_token, clock, metrics, log, settings = defaultSettings } = options
  const { allowPrivate, webhookSecret, sealing } = options
  const sender = new Sender({
    store,
    account,
    clock,
    log,
    auth_token,
    allowPrivate,
    concurrency: settings.deliveries.concurrency,
    // Loaded by the first record: most servers know no stream.
    kinesis: async (message, sent) => (await import('./delivery/kinesis.ts')).putRecord(message, sent),
    carrier: carrierSender(carrying(ground, connections)),
    webhookSecret,
    signing: (row) =>
      situationSigning(account.state, row, {
        open: (sealed) => sealing.open(sealed, situationSecretsOf(account_sid)),
        now: clock.now()
      }),
    inOrder: clock instanceof TestClock
  })
  sender.onAttempt.add((kind, outcome) => metrics.deliveryAttempted(kind, outcome))
  return sender
}

/** What carriers work with when they are given messages. */
function carrierGround(account: Account, options: OpenAccountOptions): CarrierGround {
  const { account_sid, clock, media, sealing, allowPrivate } = options
  const public_url = options.publicUrl?.replace(/\/$/, '')
  const now = () => clock.now()
  const reading = {
    ledger: account,
    now,
    get state() {
      return account.state
    }
  }
  const files = keptFiles({ account_sid, media, public_url }, reading)
  return { ledger: account, sealing, now, files, public_url, allowPrivate }
}

/** Blanks what was removed. Whoever has the text in memory is told. */
function blankingOf(
  account: Account,
  sender: Sender,
  { store, account_sid, clock, log }: OpenAccountOptions
): Blanking {
  return new Blanking({
    store,
    account,
    clock,
    log,
    blankDeliveries: deliveriesBlanking(store, account_sid),
    eraseAnswers: (gone) => eraseKeptAnswers(store, account_sid, gone),
    eraseIdentities: (identities) => auditOf(store).erase(account_sid, identities),
    executions: new ExecutionTexts(store, account, executionTables()),
    onBlanked(deliveries) {
      for (const forget of account.onBlanked) forget()
      if (deliveries > 0) sender.reset()
    }
  })
}

/** Reads the log for what has to be sent, and hands that to the sender. */
function readDeliveries(account: Account, sender: Sender, options: OpenAccountOptions): Worker & Moved {
  const { store, account_sid, clock, log } = options
  const public_url = options.publicUrl?.replace(/\/$/, '')
  return new Follower({
    store,
    account: followedAccount(account),
    log,
    reader: deliveriesReader,
    // What another node reads is not ours to send; what a request caused is sent after its answer.
    read: async (cursor, limit) => {
      if (!account.isReady) throw new Unavailable('the account is not ours')
      const read = await store.log(account_sid, cursor, limit)
      // Asked for only now: whoever is told meanwhile wakes nobody again who is reading.
      return read.filter(({ seq }) => seq <= account.notified_seq)
    },
    digest: deliveriesDigest({ store, account, routes, now: () => clock.now(), log, public_url }),
    // What happened before there were deliveries is not sent any more.
    begins_at: account.state.next_event - 1,
    isNeeded: () => isAnyUsed(routes, account.state),
    onWritten: ({ deliveries: fresh, backdated }) => sender.offer(fresh, backdated),
    onFailed: () => sender.reset()
  })
}

const day_ms = 86_400_000

function auditOf(store: Store): AuditRows {
  const kind = coldKinds.get('audit_entry')
  if (!kind) throw new Error('invariant: entries of the audit are cold')
  return new AuditRows(store, coldTable('audit_entry', kind))
}

/** What is kept for some time beside the log: cells of statistics, which are as long as a day, segments, finished deliveries, the audit, answers under keys. */
function expiringOf(
  store: Store,
  account_sid: string,
  { deliveries: { kept_days }, audit, executions, insights }: Settings
): Expiring[] {
  const deliveries = new DeliveryRows(store)
  return [
    { ms: lookBackMs + day_ms, forget: (before, limit) => forgetCells(store, account_sid, before, limit) },
    { ms: insights.kept_days * day_ms, forget: (before, limit) => forgetSegments(store, account_sid, before, limit) },
    { ms: kept_days * day_ms, forget: (before, limit) => deliveries.forget(account_sid, before, limit) },
    { ms: audit.kept_days * day_ms, forget: (before, limit) => auditOf(store).forget(account_sid, before, limit) },
    {
      ms: executions.kept_days * day_ms,
      forget: (before, limit) => forgetExecutions(store, executionTables(), { account_sid, before, limit })
    },
    { ms: keptAnswer_ms, forget: (before, limit) => forgetKeptAnswers(store, account_sid, before, limit) },
    ...keptMessages.flatMap(({ kind, column, days }) =>
      [...below(kind, column), { table: coldTableOf(kind), column }].map((aging) => ({
        ms: days * day_ms,
        forget: (before: number, limit: number) => store.forget(account_sid, aging, before, limit)
      }))
    )
  ]
}

/** What goes with old rows of a kind, before they do: files of what was recorded, or sent, have no other end. */
function below(kind: string, column: string): Aging[] {
  return (cascades.get(kind) ?? []).map(({ kind: child, column: by }) => {
    return { table: coldTableOf(child), column, parent: { table: coldTableOf(kind), by } }
  })
}

/** How long messages on channels are kept that are in no conversation, and what is known of who wrote them. */
const keptMessages = [
  { kind: 'channel_message', column: 'date_settled', days: 400 },
  { kind: 'phone_message', column: 'date_created', days: 400 },
  { kind: 'call', column: 'end_time', days: 400 },
  { kind: 'conference', column: 'date_ended', days: 400 },
  { kind: 'recording', column: 'date_created', days: 400 },
  { kind: 'heard', column: 'date_created', days: 400 },
  { kind: 'address_pair', column: 'date_forgettable', days: 7 }
] as const

function executionTables(): ExecutionTables {
  return { execution: coldTableOf('execution'), execution_step: coldTableOf('execution_step') }
}

function coldTableOf(kind: string): Table {
  const cold = coldKinds.get(kind)
  if (!cold) throw new Error(`invariant: ${kind} may leave memory`)
  return coldTable(kind, cold)
}

/** The account for followers who must not be ahead of the answers: it is settled when followers have been notified. */
function followedAccount(account: Account): Followed {
  return {
    account_sid: account.account_sid,
    get state() {
      return account.state
    },
    settled: () => account.notified(),
    subscribe: (listener) => account.subscribe(listener)
  }
}

/** What became of messages, by the carriers that have them. */
function countMessages(metrics: Metrics, events: readonly EngineEvent[]): void {
  for (const { type, refs } of events) {
    const { channel_message } = refs
    if (!channel_message || !type.startsWith('channel_message.')) continue
    const { carrier_sid } = channel_message
    const carrier = carrier_sid === null ? 'none' : carrier_sid.startsWith('XP') ? 'virtual' : carrier_sid
    metrics.carrierMessage(carrier, type.slice('channel_message.'.length))
  }
}

/** What Twilio is silent about is for whoever runs the server as well. */
function logWarnings(log: Logger, events: readonly EngineEvent[]): void {
  for (const event of events) {
    if (event.type !== 'ringdown.warning') continue
    const { description, resource_type, resource_sid, data } = render(event)
    log.warn({ warning: data.warning, resource_type, resource_sid }, description)
  }
}
