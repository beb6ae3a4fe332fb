import { type EngineEvent, render } from '@ringdown/engine/events'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import type { Logger } from 'pino'
import { forgetCells } from './analytics/cells.ts'
import { Statistics } from './analytics/statistics.ts'
import { type Clock, type Moved, TestClock } from './clock/clock.ts'
import { Account } from './commit/account.ts'
import { eraseKeptAnswers, forgetKeptAnswers, keptAnswer_ms } from './commit/kept-answers.ts'
import { coldKinds } from './commit/kinds.ts'
import { Unavailable } from './commit/ledger.ts'
import { deliveriesBlanking } from './delivery/blanked.ts'
import { deliveriesDigest, deliveriesReader, isAnyUsed } from './delivery/reader.ts'
import { routes } from './delivery/receivers.ts'
import { DeliveryRows } from './delivery/rows.ts'
import { Sender } from './delivery/sender.ts'
import type { Metrics } from './http/metrics.ts'
import { Blanking } from './log/blanking.ts'
import { type Followed, Follower } from './log/follower.ts'
import { Forgetting } from './log/forgetting.ts'
import { type Expiring, lookBackMs, Retention } from './log/retention.ts'
import type { Store } from './store/store.ts'

export interface OpenAccountOptions {
  readonly store: Store
  readonly account_sid: string
  readonly auth_token: string
  /** A test clock moves the account, and whoever works for it. */
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Logger
  readonly settings?: Settings | undefined
  readonly seed?: number | undefined
  readonly journal?: boolean | undefined
  readonly allowPrivate: boolean
  /** Signs deliveries as Standard Webhooks ask as well. */
  readonly webhookSecret?: string | undefined
}

/** An account that this process serves, with those who work for it. */
export interface OpenedAccount {
  readonly account: Account
  /** Sends on its behalf. */
  readonly sender: Sender
  /** Counts what happens in it. */
  readonly statistics: Statistics
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
  if (!testing && account.state.at > Date.now() + 60_000) {
    const message = 'the data is ahead of the clock: time goes on from there, a hundredth slower'
    log.warn({ at: account.state.at }, message)
  }
  const statistics = await Statistics.open({ store, account, log }).catch(async (error: unknown) => {
    await account.close()
    throw error
  })
  const sender = senderOf(account, options)
  const others = expiringOf(store, account_sid, settings.deliveries.kept_days)
  const retention = new Retention({ store, account_sid, clock, log, others })
  testing?.register(retention)
  const forgetting = new Forgetting({ store, account, clock, log, kinds: coldKinds })
  testing?.register(forgetting)
  const blanking = blankingOf(account, sender, options)
  testing?.register(blanking)
  const deliveries = readDeliveries(account, sender, options)
  testing?.register(deliveries)
  testing?.register(sender)
  const workers: readonly Worker[] = [statistics, retention, forgetting, blanking, deliveries, sender]
  const close = async (grace_ms?: number) => {
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
  return { account, sender, statistics, close }
}

function senderOf(account: Account, options: OpenAccountOptions): Sender {
  const { store, auth_token, clock, metrics, log, settings = defaultSettings, allowPrivate, webhookSecret } = options
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
    webhookSecret,
    inOrder: clock instanceof TestClock
  })
  sender.onAttempt.add((kind, outcome) => metrics.deliveryAttempted(kind, outcome))
  return sender
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
    onBlanked(deliveries) {
      for (const forget of account.onBlanked) forget()
      if (deliveries > 0) sender.reset()
    }
  })
}

/** Reads the log for what has to be sent, and hands that to the sender. */
function readDeliveries(account: Account, sender: Sender, options: OpenAccountOptions): Worker & Moved {
  const { store, account_sid, clock, log } = options
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
    digest: deliveriesDigest({ store, account, routes, now: () => clock.now(), log }),
    // What happened before there were deliveries is not sent any more.
    begins_at: account.state.next_event - 1,
    isNeeded: () => isAnyUsed(routes, account.state),
    onWritten: ({ deliveries: fresh }) => sender.offer(fresh),
    onFailed: () => sender.reset()
  })
}

const day_ms = 86_400_000

/** What is kept for some time beside the log: cells of statistics, which are as long as a day, and finished deliveries, answers under keys. */
function expiringOf(store: Store, account_sid: string, kept_days: number): Expiring[] {
  const deliveries = new DeliveryRows(store)
  return [
    { ms: lookBackMs + day_ms, forget: (before, limit) => forgetCells(store, account_sid, before, limit) },
    { ms: kept_days * day_ms, forget: (before, limit) => deliveries.forget(account_sid, before, limit) },
    { ms: keptAnswer_ms, forget: (before, limit) => forgetKeptAnswers(store, account_sid, before, limit) }
  ]
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

/** What Twilio is silent about is for whoever runs the server as well. */
function logWarnings(log: Logger, events: readonly EngineEvent[]): void {
  for (const event of events) {
    if (event.type !== 'ringdown.warning') continue
    const { description, resource_type, resource_sid, data } = render(event)
    log.warn({ warning: data.warning, resource_type, resource_sid }, description)
  }
}
