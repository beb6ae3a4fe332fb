import { State } from '@ringdown/engine/center'
import { type Command, readsOf } from '@ringdown/engine/commands'
import type { Read } from '@ringdown/engine/core/command'
import { seedOf } from '@ringdown/engine/core/ids'
import { Refusal } from '@ringdown/engine/core/refusals'
import { type Decision, decide } from '@ringdown/engine/decide'
import { type DueDecision, decideDue } from '@ringdown/engine/due'
import type { Kind } from '@ringdown/engine/kinds'
import { Unfinished } from '@ringdown/engine/matching/long-answers'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { centerTools } from '@ringdown/server/rendering/tools'
import { wholeConversations } from '../support/conversations-invariants.ts'
import { wholeFlows } from '../support/flow-invariants.ts'
import { complaints } from '../support/invariants.ts'
import { reloaded, snapshot } from '../support/snapshot.ts'
import { Auditor, type Complaint, type Outcome, type PublishedRow } from './auditor.ts'
import { ColdRows, withoutCascades } from './cold-rows.ts'
import { foretold, judgeForetold } from './dry-run.ts'
import { InsightBook } from './insight-book.ts'

/**
 * One thing that happens. Commands name things as `@t5`, a workspace's own furniture as `@s1.Offline`, and a worker's
 * latest reservation for a task as `@r/t5/w2`; so a history can be read, shortened and played again.
 */
export type Step =
  | { readonly pass_ms: number }
  /** Memory is lost, and loaded anew from the rows. */
  | { readonly reload: true }
  /** What need not be in memory leaves it. */
  | { readonly sweep: true }
  /** The next decision is broken off after so many events, then made again. */
  | { readonly break: number }
  | { readonly as?: string; readonly do: Command }

/** Small limits, so that they are met. */
function settingsFor(seed: number, available_workers: number): Settings {
  const limits = { ...defaultSettings.limits, assignment_rounds: 6, available_workers }
  // Small queues are compared, and large ones ranked: each in half of the histories.
  const routing = { comparisons_at_once: seed % 2 === 0 ? 4 : 10_000, workers_compared: seed % 4 < 2 ? 0 : 128 }
  return { ...defaultSettings, ...routing, limits, tasks_re_evaluated_at_once: 2 }
}

/** Changes what an engine publishes before the auditor sees it, to see whether the auditor does. Undefined: as it is. */
export type Tamper = (decision: Decision, command: Command, state: State) => Decision | undefined

/** Looks at the twin, which has every row, when it is opened and after each of its decisions and refusals. */
export type Watch = (twin: State) => (outcome: Outcome) => void

/** Who else has to do with a center than those who work there. */
export interface Others {
  readonly tamper?: Tamper
  readonly watch?: Watch
}

export class Failure extends Error {
  readonly rule: string

  constructor(rule: string, text: string, options?: ErrorOptions) {
    super(text, options)
    this.rule = rule
  }
}

class Sabotage extends Error {}

/** What kind of center it is. */
export interface CenterOptions {
  /** So many workers may be available at the same time. */
  readonly available_workers: number
  /** Whether the auditor keeps its book: it knows what routing does by routing's commands, and by no others. */
  readonly hasBook: boolean
}

/**
 * An engine that lives through a history, watched by the auditor, beside a twin that never loses its memory, has every row
 * there, and is never broken off: both must decide the same. Throws a Failure at the first thing that is wrong.
 */
export class Center {
  state: State
  /** Has all rows, also those that have left the memory of the other. */
  readonly twin: State
  readonly #cold = new ColdRows()
  readonly #hasBook: boolean
  readonly #hasInvariants: boolean
  readonly #auditor: Auditor
  readonly #insights = new InsightBook()
  readonly #names = new Map<string, string>()
  readonly #tamper: Tamper | undefined
  readonly #seen: ((outcome: Outcome) => void) | undefined
  readonly #seed: number
  #break: number | undefined
  at = 1_767_225_600_000 // 2026-01-01
  decided = 0
  refused = 0
  /** How often what was decided, by type of command, and what happened, by type of event. */
  readonly done = new Map<string, number>()

  constructor(seed: number, { available_workers, hasBook }: CenterOptions, { tamper, watch }: Others = {}) {
    const settings = settingsFor(seed, available_workers)
    this.#hasBook = hasBook
    // To work all of them out after every decision takes twice as long as all else, so not every history does.
    this.#hasInvariants = !tamper && (!hasBook || seed % 3 === 1)
    this.#auditor = new Auditor({ ...settings, ...settings.limits })
    this.#seed = seed
    this.#tamper = tamper
    const account_sid = `AC${'0'.repeat(32)}`
    this.state = new State(account_sid, settings, centerTools)
    this.twin = new State(account_sid, settings, centerTools)
    this.#seen = watch?.(this.twin)
  }

  get offers(): number {
    return this.done.get('reservation.created') ?? 0
  }

  take(step: Step): void {
    if ('pass_ms' in step) {
      this.at += step.pass_ms
      this.#decideDue()
    } else if ('break' in step) this.#break = step.break
    else if ('sweep' in step) this.#sweep()
    else if ('reload' in step) this.#reload()
    else this.#execute(step.do, step.as)
  }

  /** The end of a history. */
  close(): void {
    this.#check(this.#judgeRows())
    this.#check(this.#judgeMemory())
    this.#check(this.#insights.judge())
  }

  // Memory

  #sweep(): void {
    this.#count('row out of memory', this.#cold.sweep(this.state))
    this.#count('row forgotten', this.#cold.forget(this.at, this.twin))
  }

  /** Only what would be in memory at start is loaded; nothing else can tell that it was loaded. */
  #reload(): void {
    this.#check(this.#judgeRows())
    this.#check(this.#judgeMemory())
    this.#sweep()
    const fresh = reloaded(this.state)
    if (textOfState(fresh) !== textOfState(this.state))
      this.#check([{ rule: 'reload', text: 'a state that was loaded is not the one that was stored' }])
    this.state = fresh
  }

  /** Memory and the store together are what the twin has. */
  #judgeMemory(): Complaint[] {
    const found = this.#cold
      .stale(this.state)
      .map((kind) => ({ rule: `stale ${kind}`, text: `memory has a ${kind} that is not the one stored` }))
    const whole = reloaded(this.state, this.state.settings, this.#cold.all(this.state))
    if (textOfState(whole) !== textOfState(this.twin))
      found.push({ rule: 'whole', text: 'what is in memory and in the store is not what the twin has' })
    for (const text of wholeConversations(this.twin)) found.push({ rule: 'whole conversations', text })
    for (const text of wholeFlows(this.twin)) found.push({ rule: 'whole flows', text })
    return found
  }

  // Names

  /** SID of a named thing, whether it is still there or not; undefined for one that never was. */
  sid(name: string): string | undefined {
    return this.#names.get(name)
  }

  /** Names of what there is of a kind. */
  names(kind: Kind): string[] {
    return [...this.#names].filter(([, sid]) => this.twin.find(kind, sid)).map(([name]) => name)
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
      const [kind = '', owner = '', member = ''] = name.split('/')
      const sid =
        kind === 'r'
          ? this.#reservation(owner, member)
          : owner
            ? this.#member(kind, owner, member)
            : this.#names.get(name)
      return sid ?? `${prefixes[name[0] as keyof typeof prefixes] ?? 'XX'}${'0'.repeat(32)}`
    })
    return JSON.parse(text)
  }

  #reservation(task: string, worker: string): string | undefined {
    const [task_sid, worker_sid] = [this.#names.get(task), this.#names.get(worker)]
    const all = [...this.state.tables.reservation.by('task_sid', task_sid ?? '')]
    return all.filter((row) => row.worker_sid === worker_sid).at(-1)?.sid
  }

  /**
   * `p/v1/0` is the first participant of a conversation; so are messages, webhooks, receipts, who is in an interaction, and
   * its transfers. `z/v1/0` is the message of its first receipt.
   */
  #member(kind: string, owner: string, place: string): string | undefined {
    const { participant, message, message_receipt, note, conversation_scoped_webhook } = this.twin.tables
    const { interaction_participant, interaction_transfer } = this.twin.tables
    const sid = this.#names.get(owner) ?? ''
    const channel = this.twin.find('interaction', sid)?.channel_sid ?? ''
    const rows = {
      p: () => participant.by('conversation_sid', sid),
      m: () => message.by('conversation_sid', sid),
      k: () => conversation_scoped_webhook.by('conversation_sid', sid),
      o: () => note.by('conversation_sid', sid),
      y: () => message_receipt.by('conversation_sid', sid),
      z: () => message_receipt.list('conversation_sid', sid).map((row) => ({ sid: row.message_sid })),
      x: () => interaction_participant.by('channel_sid', channel),
      Z: () => interaction_transfer.by('channel_sid', channel)
    }[kind]
    return [...(rows?.() ?? [])][Number(place)]?.sid
  }

  /** What a decision made is named, with what came into being beside it: `t` of an interaction or an invite is its task. */
  #name(as: string, decision: Decision, kind: string): void {
    const made = (kind: string) => decision.changes.find((change) => change.kind === kind && !change.before)?.sid
    const sid = made(kind)
    if (sid !== undefined) this.#names.set(as, sid)
    if (kind === 'workspace' && sid !== undefined) {
      for (const activity of this.state.tables.activity.by('workspace_sid', sid))
        this.#names.set(`${as}.${activity.friendly_name}`, activity.sid)
    }
    if (!beginsContacts.includes(kind)) return
    const own = kind === 'interaction' ? as : `i${as}`
    const beside = { [own]: 'interaction', [`${own}.channel`]: 'interaction_channel', [`t${as}`]: 'task' }
    for (const [name, other] of Object.entries({ ...beside, [`v${as}`]: 'conversation' })) {
      const its = made(other)
      if (its !== undefined && other !== kind) this.#names.set(name, its)
    }
  }

  // Decisions

  #execute(symbolic: Command, as: string | undefined): void {
    this.#decideDue()
    const command = this.#resolve(symbolic)
    this.#breakOff(command, this.at)
    const route = foretold(this.state, command, this.at)
    if (route) this.#count('dry run')
    const outcome = this.#attempt(this.state, command)
    const other = this.#attempt(this.twin, command)
    this.#seen?.(other)
    this.#check(judgeForetold(this.state, route, outcome))
    if (as !== undefined && !(outcome instanceof Refusal)) this.#name(as, outcome, command.type.split('.')[0] ?? '')
    this.#settle(command, this.at, outcome, other)
    this.#decideDue()
  }

  /** As the server does: what must be read is brought into memory first, and the engine is told what was read. */
  #attempt(state: State, command: Command, at = this.at): Outcome {
    const reads = state === this.twin ? undefined : this.#read(command)
    // Only the twin makes each decision at once.
    const comparisons = state === this.twin ? undefined : state.settings.comparisons_at_once
    try {
      return decide(state, { at, seed: seedOf(this.#seed, state.decision), command, reads, comparisons })
    } catch (error) {
      if (error instanceof Unfinished) {
        this.#count('decision broken off')
        return this.#attempt(state, command, at)
      }
      if (error instanceof Refusal) return error
      throw thrown(error, this.named(`${command.type}: ${error}`))
    }
  }

  #read(command: Command): readonly Read[] {
    const reads: Read[] = []
    // What was found may name others.
    for (let missing = readsOf(command, this.state); missing.length > 0; ) {
      this.#cold.admit(this.state, missing)
      reads.push(...missing)
      const known = new Set(reads.map((read) => JSON.stringify(read)))
      missing = readsOf(command, this.state).filter((read) => !known.has(JSON.stringify(read)))
    }
    this.#count('read', reads.length)
    return reads
  }

  #decideDue(): void {
    for (;;) {
      const timer = this.state.nextTimer
      const other = this.#nextOfTwin()
      if (!timer || timer.due > this.at || other.done) {
        if ((!timer || timer.due > this.at) !== other.done)
          this.#check([{ rule: 'twin', text: 'the twins do not agree whether anything is due' }])
        if (this.#hasBook) this.#check(this.#auditor.judgeRest(this.at))
        return
      }
      this.#seen?.(other.value.decision)
      const { due } = timer
      const command = { type: timer.command, sid: timer.sid } as Command // as in due.ts
      const at = Math.max(due, this.state.at) // as there
      this.#breakOff(command, at)
      const outcome = this.#attempt(this.state, command, at)
      if (this.#hasBook) this.#check(this.#auditor.judgeTimer(command, due))
      this.#settle(command, at, outcome, other.value.decision)
    }
  }

  #nextOfTwin(): IteratorResult<DueDecision, void> {
    try {
      return decideDue(this.twin, this.at, (n) => seedOf(this.#seed, n)).next()
    } catch (error) {
      throw thrown(error, this.named(`a timer: ${error}`))
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
    if (!(outcome instanceof Refusal)) {
      this.#cold.write(outcome.changes)
      this.#check(this.#insights.tell(outcome.events))
    }
    const shown = outcome instanceof Refusal ? outcome : (this.#tamper?.(outcome, command, this.state) ?? outcome)
    if (this.#hasBook) this.#check(this.#auditor.judge(command, at, shown))
    // Whether an auditor sees a mistake is to be seen where nobody else looks for it.
    if (outcome instanceof Refusal || !this.#hasInvariants) return
    const texts = complaints(this.state, outcome)
    this.#check(texts.map((text) => ({ rule: text.replace(/[A-Z]{2}[0-9a-f]{32}/g, '…'), text })))
  }

  #count(what: string, times = 1): void {
    this.done.set(what, (this.done.get(what) ?? 0) + times)
  }

  /** Decides a command, but throws at one of its events, or at its end if it has fewer. Nothing of it may be left. */
  #breakOff(command: Command, at: number): void {
    if (this.#break === undefined) return
    let left = this.#break
    this.#break = undefined
    const { state } = this
    const reads = this.#read(command)
    const before = textOfState(state)
    const { emit, end } = state
    state.emit = (...told) => {
      if (left-- === 0) throw new Sabotage()
      emit.apply(state, told)
    }
    state.end = () => {
      throw new Sabotage()
    }
    try {
      decide(state, { at, seed: seedOf(this.#seed, -1), command, reads })
    } catch (error) {
      if (!(error instanceof Sabotage) && !(error instanceof Refusal))
        throw thrown(error, this.named(`${command.type}: ${error}`))
    } finally {
      state.emit = emit
      state.end = end
    }
    if (textOfState(state) !== before)
      this.#check([{ rule: 'broken off', text: `something is left of ${command.type}, which was broken off` }])
  }

  #judgeRows(): Complaint[] {
    if (!this.#hasBook) return []
    const all = [...this.#cold.all(this.state)]
    return this.#auditor.judgeRows(
      this.at,
      (wanted) => all.flatMap(({ kind, row }) => (kind === wanted ? [row as unknown as PublishedRow] : [])) // every row is one
    )
  }

  #check(complaints: readonly Complaint[]): void {
    const [first] = complaints
    if (!first) return
    throw new Failure(first.rule, complaints.map(({ text }) => this.named(text)).join('\n'))
  }
}

/** Kinds with which interactions, tasks and conversations may come into being. */
const beginsContacts: readonly string[] = [
  ...['interaction', 'invite', 'interaction_transfer', 'conversation', 'message', 'flex_chat_channel', 'web_channel']
]

const prefixes = {
  ...{ s: 'WS', a: 'WA', c: 'TC', q: 'WQ', f: 'WW', w: 'WK', t: 'WT', r: 'WR', h: 'TT' },
  ...{ g: 'IG', l: 'RL', y: 'DY', z: 'IM', F: 'FO', J: 'CH', Z: 'UX' },
  ...{ b: 'IS', v: 'CH', p: 'MB', m: 'IM', k: 'WH', u: 'US', i: 'KD', n: 'KG', x: 'UT', o: 'KQ', d: 'KR', e: 'FU' },
  ...{ S: 'SN', L: 'SL', Y: 'SK', W: 'WD', B: 'WB', P: 'FW' }
} as const

function thrown(error: unknown, text: string): Failure {
  const said = error instanceof Error ? error.message : String(error)
  return new Failure(`threw ${said.replace(/[A-Z]{2}[0-9a-f]{32}/g, '…')}`, text, { cause: error })
}

function textOf(outcome: Outcome): string {
  if (outcome instanceof Refusal) return outcome.message
  const { changes, events, result } = outcome
  return JSON.stringify([
    withoutCascades(changes).map(({ sid, before, after }) => [sid, before?.version, after]),
    events.map(({ sid, type }) => [sid, type]),
    result
  ])
}

function textOfState(state: State): string {
  return JSON.stringify(snapshot(state))
}
