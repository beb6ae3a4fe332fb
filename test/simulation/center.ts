import type { Command } from '@ringdown/engine/commands'
import { type Decision, decide } from '@ringdown/engine/decide'
import { decideDue } from '@ringdown/engine/due'
import { type Kind, kinds } from '@ringdown/engine/kinds'
import { Refusal } from '@ringdown/engine/refusals'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { seedOf } from '@ringdown/engine/state/ids'
import { State } from '@ringdown/engine/state/state'
import { Auditor, type Complaint, type Outcome, type PublishedRow } from './auditor.ts'

/**
 * One thing that happens. Commands name things as `@t5`, a workspace's own furniture as `@s1.Offline`, and a worker's
 * latest reservation for a task as `@r/t5/w2`; so a history can be read, shortened and played again.
 */
export type Step =
  | { readonly pass_ms: number }
  /** Memory is lost, and loaded anew from the rows. */
  | { readonly reload: true }
  /** The next decision is broken off after so many events, then made again. */
  | { readonly break: number }
  | { readonly as?: string; readonly do: Command }

/** Small limits, so that they are met. */
function settingsFor(seed: number, available_workers: number): Settings {
  const limits = { ...defaultSettings.limits, assignment_rounds: 6, available_workers }
  return { ...defaultSettings, limits, tasks_re_evaluated_at_once: 2, comparisons_at_once: seed % 2 === 0 ? 4 : 10_000 }
}

/** Changes what an engine publishes before the auditor sees it, to see whether the auditor does. Undefined: as it is. */
export type Tamper = (decision: Decision, command: Command, state: State) => Decision | undefined

export class Failure extends Error {
  readonly rule: string

  constructor(rule: string, text: string, options?: ErrorOptions) {
    super(text, options)
    this.rule = rule
  }
}

class Sabotage extends Error {}

/**
 * An engine that lives through a history, watched by the auditor, beside a twin that never loses its memory and is never
 * broken off: both must decide the same. Throws a Failure at the first thing that is wrong.
 */
export class Center {
  state: State
  readonly #twin: State
  readonly #auditor: Auditor
  readonly #names = new Map<string, string>()
  readonly #tamper: Tamper | undefined
  readonly #seed: number
  #break: number | undefined
  at = 1_767_225_600_000 // 2026-01-01
  decided = 0
  refused = 0
  /** How often what was decided, by type of command, and what happened, by type of event. */
  readonly done = new Map<string, number>()

  /** So many workers may be available at the same time. */
  constructor(seed: number, available_workers: number, tamper?: Tamper) {
    const settings = settingsFor(seed, available_workers)
    this.#auditor = new Auditor({ ...settings, ...settings.limits })
    this.#seed = seed
    this.#tamper = tamper
    const account_sid = `AC${'0'.repeat(32)}`
    this.state = new State(account_sid, settings)
    this.#twin = new State(account_sid, settings)
  }

  get offers(): number {
    return this.#auditor.offers
  }

  take(step: Step): void {
    if ('pass_ms' in step) {
      this.at += step.pass_ms
      this.#decideDue()
    } else if ('break' in step) this.#break = step.break
    else if ('reload' in step) {
      this.#check(this.#judgeRows())
      this.state = reloaded(this.state)
    } else this.#execute(step.do, step.as)
  }

  /** The end of a history. */
  close(): void {
    this.#check(this.#judgeRows())
  }

  // Names

  /** SID of a named thing, whether it is still there or not; undefined for one that never was. */
  sid(name: string): string | undefined {
    return this.#names.get(name)
  }

  /** Names of what there is of a kind. */
  names(kind: Kind): string[] {
    return [...this.#names].filter(([, sid]) => this.state.find(kind, sid)).map(([name]) => name)
  }

  nameOf(sid: string): string | undefined {
    return [...this.#names].find(([, own]) => own === sid)?.[0]
  }

  /** A text with names in the place of SIDs, for people. */
  named(text: string): string {
    return text.replace(/[A-Z]{2}[0-9a-f]{32}/g, (sid) => {
      const reservation = this.state.find('reservation', sid)
      if (!reservation) return this.nameOf(sid) ?? sid
      return `r/${this.nameOf(reservation.task_sid)}/${this.nameOf(reservation.worker_sid)}`
    })
  }

  #resolve<T>(value: T): T {
    const text = JSON.stringify(value).replace(/@(\w+(?:\.\w+)?(?:\/\w+\/\w+)?)/g, (_, name: string) => {
      const [kind, task, worker] = name.split('/')
      const sid = kind === 'r' ? this.#reservation(task ?? '', worker ?? '') : this.#names.get(name)
      return sid ?? `${prefixes[name[0] as keyof typeof prefixes] ?? 'XX'}${'0'.repeat(32)}`
    })
    return JSON.parse(text)
  }

  #reservation(task: string, worker: string): string | undefined {
    const [task_sid, worker_sid] = [this.#names.get(task), this.#names.get(worker)]
    const all = [...this.state.tables.reservation.by('task_sid', task_sid ?? '')]
    return all.filter((row) => row.worker_sid === worker_sid).at(-1)?.sid
  }

  #name(as: string, decision: Decision, kind: string): void {
    const made = decision.changes.find((change) => change.kind === kind && !change.before)
    if (!made) return
    this.#names.set(as, made.sid)
    if (kind !== 'workspace') return
    for (const activity of this.state.tables.activity.by('workspace_sid', made.sid))
      this.#names.set(`${as}.${activity.friendly_name}`, activity.sid)
  }

  // Decisions

  #execute(symbolic: Command, as: string | undefined): void {
    this.#decideDue()
    const command = this.#resolve(symbolic)
    this.#breakOff(command, this.at)
    const outcome = this.#attempt(this.state, command)
    const other = this.#attempt(this.#twin, command)
    if (as !== undefined && !(outcome instanceof Refusal)) this.#name(as, outcome, command.type.split('.')[0] ?? '')
    this.#settle(command, this.at, outcome, other)
    this.#decideDue()
  }

  #attempt(state: State, command: Command): Outcome {
    try {
      return decide(state, { at: this.at, seed: seedOf(this.#seed, state.decision), command })
    } catch (error) {
      if (error instanceof Refusal) return error
      throw thrown(error, this.named(`${command.type}: ${error}`))
    }
  }

  #decideDue(): void {
    const seedFor = (n: number) => seedOf(this.#seed, n)
    const next = (state: State) => {
      try {
        return decideDue(state, this.at, seedFor).next()
      } catch (error) {
        throw thrown(error, this.named(`a timer: ${error}`))
      }
    }
    for (;;) {
      const timer = this.state.nextTimer
      if (timer && timer.due <= this.at)
        this.#breakOff({ type: timer.command, sid: timer.sid } as Command, Math.max(timer.due, this.state.at)) // as in due.ts
      const one = next(this.state)
      const other = next(this.#twin)
      if (one.done || other.done) {
        if (one.done !== other.done)
          this.#check([{ rule: 'twin', text: 'the twins do not agree whether anything is due' }])
        this.#check(this.#auditor.judgeRest(this.at))
        return
      }
      const { command, due, decision } = one.value
      this.#check(this.#auditor.judgeTimer(command, due))
      this.#settle(command, this.state.at, decision, other.value.decision)
    }
  }

  #settle(command: Command, at: number, outcome: Outcome, other: Outcome): void {
    if (outcome instanceof Refusal) this.refused++
    else {
      this.decided++
      for (const { type } of [command, ...outcome.events]) this.#count(type)
      if (
        command.type === 'timer.workflow_document' &&
        this.state.find('workflow_document', command.sid)?.re_evaluate_at
      )
        this.#count(`${command.type}, not the last`)
      if (command.type === 'timer.judging' && this.state.find('judging', command.sid))
        this.#count(`${command.type}, not the last`)
    }
    if (textOf(outcome) !== textOf(other))
      this.#check([{ rule: 'twin', text: `the twins decide differently about ${command.type}` }])
    const shown = outcome instanceof Refusal ? outcome : (this.#tamper?.(outcome, command, this.state) ?? outcome)
    this.#check(this.#auditor.judge(command, at, shown))
  }

  #count(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1)
  }

  /** Decides a command, but throws at one of its events, or at its end if it has fewer. Nothing of it may be left. */
  #breakOff(command: Command, at: number): void {
    if (this.#break === undefined) return
    let left = this.#break
    this.#break = undefined
    const { state } = this
    const { emit, end } = state
    state.emit = (...told) => {
      if (left-- === 0) throw new Sabotage()
      emit.apply(state, told)
    }
    state.end = () => {
      throw new Sabotage()
    }
    try {
      decide(state, { at, seed: seedOf(this.#seed, -1), command })
    } catch (error) {
      if (!(error instanceof Sabotage) && !(error instanceof Refusal))
        throw thrown(error, this.named(`${command.type}: ${error}`))
    } finally {
      state.emit = emit
      state.end = end
    }
    this.#check(this.#judgeRows())
  }

  #judgeRows(): Complaint[] {
    return this.#auditor.judgeRows((kind) => this.state.table(kind).all() as unknown as PublishedRow[]) // every row is one
  }

  #check(complaints: readonly Complaint[]): void {
    const [first] = complaints
    if (!first) return
    throw new Failure(first.rule, complaints.map(({ text }) => this.named(text)).join('\n'))
  }
}

const prefixes = { s: 'WS', a: 'WA', c: 'TC', q: 'WQ', f: 'WW', w: 'WK', t: 'WT', r: 'WR', h: 'TT' } as const

function thrown(error: unknown, text: string): Failure {
  const said = error instanceof Error ? error.message : String(error)
  return new Failure(`threw ${said.replace(/[A-Z]{2}[0-9a-f]{32}/g, '…')}`, text, { cause: error })
}

function textOf(outcome: Outcome): string {
  if (outcome instanceof Refusal) return outcome.message
  const { changes, events } = outcome
  return JSON.stringify([changes.map(({ sid, after }) => after ?? sid), events.map(({ sid, type }) => [sid, type])])
}

/** A state made from the rows of another, as one is made at start from those that were stored. */
function reloaded(state: State): State {
  const fresh = new State(state.account_sid, state.settings)
  const all = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    state
      .table(kind)
      .all()
      .map((row) => ({ kind, row }))
  )
  for (const { kind, row } of all.sort((a, b) => a.row.seq - b.row.seq)) fresh.admit(kind, row as never) // of its own kind
  fresh.pools.settle()
  const { at, decision, next_seq, next_event } = state
  return Object.assign(fresh, { at, decision, next_seq, next_event })
}
