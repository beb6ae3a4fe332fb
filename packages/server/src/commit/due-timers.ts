import type { Command } from '@ringdown/engine/commands'
import type { Timer } from '@ringdown/engine/core/timers'
import { Unfinished } from '@ringdown/engine/matching/long-answers'
import type { Logger } from 'pino'
import type { Clock } from '../clock/clock.ts'
import type { Decider } from './decider.ts'
import type { Known } from './entry.ts'
import { Unavailable } from './ledger.ts'
import { turn } from './pieces.ts'
import type { Reads } from './reads.ts'

export interface DueTimersOptions {
  readonly decider: Decider
  readonly reads: Reads
  readonly clock: Clock
  readonly log: Logger
  /** Whether anything is decided now. */
  readonly isOpen: () => boolean
}

/** Tries of a timer before it is parked. */
const timerTries = 3

/**
 * Decides the timers of an account when they are due. The timers themselves are columns of rows, which the state keeps in
 * order (docs/decisions/005-timers-are-columns.md); this knows only which of them have failed and which one is reading.
 *
 * - Timers are decided in their order, each before any command of a later instant. While one of them reads the store
 *   (`held`), no other timer and no command is decided: whoever wants to decide waits for it and then asks again.
 * - What fails is tried again, and parked after some tries: it leaves the order until its row changes or is loaded anew.
 * - There is at most one alarm, for the first timer. `arm` follows every decision, which may have set an earlier one.
 */
export class DueTimers {
  readonly #options: DueTimersOptions
  /** Tries that failed, by timer. */
  readonly #failures = new Map<string, number>()
  /** What was read for the timer that is decided next. */
  #read: (Known & { readonly timer: string }) | undefined
  /** The timer whose decision was broken off last since it asks much, and how often. */
  #begun: { readonly timer: string; readonly times: number } | undefined
  #held: Promise<void> | undefined
  #cancelAlarm: () => void = () => {}
  /** The instant for which the alarm is set. */
  #alarm: number | undefined

  constructor(options: DueTimersOptions) {
    this.#options = options
  }

  /** Ends when the timer that is reading, or asks much, has come further or has failed; undefined while none is. */
  get held(): Promise<void> | undefined {
    return this.#held
  }

  /** Decides what is due, and sets the alarm for what comes next. */
  go(): void {
    this.decideDue()
    this.arm()
  }

  /** Decides every timer that is due, in order, up to the first that must read before. */
  decideDue(): void {
    if (this.#held) return
    const { decider, log } = this.#options
    const now = decider.now()
    for (let timer = decider.state.nextTimer; timer && timer.due <= now; timer = decider.state.nextTimer) {
      const key = keyOf(timer)
      if ((this.#failures.get(key) ?? 0) >= timerTries) {
        log.error({ timer: key, due: timer.due }, 'timer parked')
        decider.park(timer)
      } else if (!this.#decide(key, commandOf(timer), now)) return
    }
  }

  /** Sets the alarm for the first timer. */
  arm(): void {
    const { decider, clock, isOpen } = this.#options
    // A timer that is reading goes on by itself.
    const due = isOpen() && !this.#held ? decider.state.nextTimer?.due : undefined
    if (due === this.#alarm) return
    const cancel = this.#cancelAlarm
    this.#alarm = due
    // Set before the old one is cancelled: a clock for which nobody waits stops its watch as well.
    this.#cancelAlarm =
      due === undefined
        ? () => {}
        : clock.at(due, () => {
            this.#alarm = undefined
            if (isOpen()) this.go()
          })
    cancel()
  }

  cancelAlarm(): void {
    this.#cancelAlarm()
  }

  /** Decides one timer; false when it has to read first, and holds up the others until it has. */
  #decide(timer: string, command: Command, at: number): boolean {
    const { decider, reads } = this.#options
    const known = this.#read?.timer === timer ? this.#read : reads.knownFor(command)
    this.#read = undefined
    if (!known) {
      this.#hold(timer, command)
      return false
    }
    const begun = this.#begun?.timer === timer ? this.#begun.times : 0
    let isUnfinished = false
    decider.add({
      command,
      at,
      seed: decider.seed(),
      reads: known.reads,
      fetched: known.fetched,
      timer,
      begun,
      resolve: () => this.#failures.delete(timer),
      reject: (error) => {
        if (error instanceof Unfinished) isUnfinished = true
        else this.#failed(timer, error)
      }
    })
    if (isUnfinished) this.#goOnLater(timer, begun + 1)
    return !isUnfinished
  }

  /** Gives everybody else a turn before a timer that asks much is begun again. */
  #goOnLater(timer: string, times: number): void {
    this.#begun = { timer, times }
    this.#held = turn().then(() => {
      this.#held = undefined
      if (this.#options.isOpen()) this.go()
    })
  }

  /** Reads for a timer, which is decided next. */
  #hold(timer: string, command: Command): void {
    const { decider, reads, isOpen } = this.#options
    const reading = decider.cold.fetching()
    this.#held = reads
      .readFor(command)
      .then(
        (known) => {
          this.#read = { timer, ...known }
        },
        (error: unknown) => this.#failed(timer, error)
      )
      .then(() => {
        this.#held = undefined
        if (isOpen()) this.go()
        decider.cold.fetched(reading)
      })
  }

  /** That the store is away is no fault of the timer. */
  #failed(timer: string, error: unknown): void {
    if (error instanceof Unavailable) {
      this.#failures.delete(timer)
      return
    }
    this.#failures.set(timer, (this.#failures.get(timer) ?? 0) + 1)
    this.#options.log.error({ err: error, timer }, 'timer failed')
  }
}

function keyOf({ command, sid }: Timer): string {
  return `${command}/${sid}`
}

function commandOf({ command, sid }: Timer): Command {
  return { type: command, sid } as Command // a kind's timers name commands that take a SID
}
