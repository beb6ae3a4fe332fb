import type { thresholdMetrics, thresholdOperators } from '@ringdown/contract/situations'
import { enteredAt, realTimeOf } from '../analytics/realtime.ts'
import type { State } from '../center.ts'
import { compile } from '../matching/expression/compile.ts'
import { isPutAway, type TaskRow } from '../routing/rows.ts'
import type { SituationRuleRow } from './rows.ts'

/*
 * The one evaluator of rules. A rule is looked at when something has happened in its queue, as a decision of its own right
 * after that one, so that it sees what has come of it; and when time alone makes a difference. What it has told is in its
 * row, so it tells each crossing once, whatever happens to the process.
 */

/** Figures of a queue, of which alerts can be made: each costs the same, however many tasks there are. */
const figures = {
  waiting: (state, queue) => {
    const { pending, reserved } = realTimeOf(state).tasks(queue, undefined).tasks_by_status
    return pending + reserved
  },
  longest_wait: (state, queue) => {
    const { longest_in_queue } = realTimeOf(state).tasks(queue, undefined)
    return longest_in_queue ? Math.floor((state.at - enteredAt(longest_in_queue)) / 1000) : 0
  },
  assigned: (state, queue) => realTimeOf(state).tasks(queue, undefined).tasks_by_status.assigned,
  eligible_workers: (state, queue) => realTimeOf(state).workforce(queue, undefined).eligible,
  available_workers: (state, queue) => realTimeOf(state).workforce(queue, undefined).available
} as const satisfies Record<keyof typeof thresholdMetrics, (state: State, task_queue_sid: string) => number>

const compared: Readonly<Record<(typeof thresholdOperators)[number], (figure: number, value: number) => boolean>> = {
  '>': (figure, value) => figure > value,
  '>=': (figure, value) => figure >= value,
  '<': (figure, value) => figure < value,
  '<=': (figure, value) => figure <= value
}

/** Looks at a rule: tells what is to be told, and says when it has to be looked at next. */
export function checkRule(state: State, rule: SituationRuleRow): void {
  if (rule.situation === 'queue.threshold') checkThreshold(state, rule)
  else checkWaits(state, rule)
}

/** Something has happened that may make a difference to a rule. */
export function lookAgain(state: State, { sid, check_at }: SituationRuleRow, at = state.at): void {
  if (check_at === null || check_at > at) state.change('situation_rule', sid, { check_at: at })
}

// Thresholds

function checkThreshold(state: State, rule: SituationRuleRow): void {
  const { sid, arguments: args, task_queue_sid } = rule
  const metric = args.metric as keyof typeof figures // what it is was checked when the rule was made, like the others
  const operator = args.operator as keyof typeof compared
  const [threshold, for_ms] = [Number(args.value), Number(args.forSeconds) * 1000]
  const queue = String(task_queue_sid)
  const value = figures[metric](state, queue)
  const changes = nextCrossing(state, queue, { metric, threshold })
  if (!compared[operator](value, threshold)) {
    // It is back: the next time it is beyond is another one.
    state.change('situation_rule', sid, { beyond_since: null, is_told: false, check_at: changes })
    return
  }
  const beyond_since = rule.beyond_since ?? state.at
  const isDue = !rule.is_told && state.at >= beyond_since + for_ms
  if (isDue) tellThreshold(state, queue, { rule_sid: sid, metric, operator, threshold, value })
  const waits = rule.is_told || isDue ? null : beyond_since + for_ms
  state.change('situation_rule', sid, {
    beyond_since,
    is_told: rule.is_told || isDue,
    check_at: waits === null ? changes : Math.min(waits, changes ?? waits)
  })
}

/** When time alone takes a figure over its threshold; null when it does not. */
function nextCrossing(
  state: State,
  queue: string,
  { metric, threshold }: { readonly metric: keyof typeof figures; readonly threshold: number }
): number | null {
  if (metric !== 'longest_wait') return null
  const { longest_in_queue } = realTimeOf(state).tasks(queue, undefined)
  if (!longest_in_queue) return null
  // A wait is told in whole seconds: `>` is over the threshold one after `>=`.
  const whole = Math.ceil(threshold)
  const instants = [whole, Math.floor(threshold) + 1].map((s) => enteredAt(longest_in_queue) + s * 1000)
  return instants.find((instant) => instant > state.at) ?? null
}

function tellThreshold(
  state: State,
  queue: string,
  extra: {
    readonly rule_sid: string
    readonly metric: string
    readonly operator: string
    readonly threshold: number
    readonly value: number
  }
): void {
  const task_queue = state.tables.task_queue.need(queue)
  const workspace = state.tables.workspace.find(task_queue.workspace_sid)
  state.emit('ringdown.queue.threshold', { workspace, task_queue, extra })
}

// Waits

/** Tells of the tasks that have waited for so long since the rule was looked at last. */
function checkWaits(state: State, rule: SituationRuleRow): void {
  const { sid, arguments: args, task_queue_sid, looked_at } = rule
  const after_ms = Number(args.afterSeconds) * 1000
  const due: TaskRow[] = []
  let next: number | null = null
  for (const task of waitingIn(state, task_queue_sid)) {
    const at = enteredAt(task) + after_ms
    if (at > state.at) next = Math.min(next ?? at, at)
    else if (at > looked_at && fits(state, task, args.expression)) due.push(task)
  }
  due.sort((a, b) => enteredAt(a) - enteredAt(b) || a.seq - b.seq)
  for (const task of due) tellWait(state, task, { rule_sid: sid, after_seconds: after_ms / 1000 })
  state.change('situation_rule', sid, { looked_at: state.at, check_at: next })
}

function* waitingIn(state: State, task_queue_sid: string | null): Generator<TaskRow> {
  const { task, workspace } = state.tables
  const isWaiting = (one: TaskRow) =>
    !isPutAway(one) &&
    one.task_queue_sid !== null &&
    (one.assignment_status === 'pending' || one.assignment_status === 'reserved')
  if (task_queue_sid !== null) {
    for (const one of task.by('task_queue_sid', task_queue_sid)) if (isWaiting(one)) yield one
    return
  }
  for (const { sid } of workspace.by('account_sid', state.account_sid))
    for (const one of task.by('workspace_sid', sid)) if (isWaiting(one)) yield one
}

function fits(state: State, task: TaskRow, expression: string | number | undefined): boolean {
  return expression === undefined || compile(String(expression), 'task').matches(state.matcher.task(task))
}

function tellWait(
  state: State,
  task: TaskRow,
  extra: { readonly rule_sid: string; readonly after_seconds: number }
): void {
  const waited_seconds = Math.floor((state.at - enteredAt(task)) / 1000)
  state.emit('ringdown.task.waiting', {
    workspace: state.tables.workspace.find(task.workspace_sid),
    task,
    task_queue: state.tables.task_queue.find(task.task_queue_sid),
    extra: { ...extra, waited_seconds }
  })
}

/** When a task that comes into a queue now has waited for as long as a rule says. */
export function waitedFrom(rule: SituationRuleRow, entered_at: number): number {
  return entered_at + Number(rule.arguments.afterSeconds) * 1000
}
