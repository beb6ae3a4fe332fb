import type { State } from '../center.ts'
import type { TaskRow } from '../routing/rows.ts'
import { LongAnswers } from './long-answers.ts'
import { defaultFilter, noFilter } from './row-values.ts'
import { type Target, TargetCondition } from './target-condition.ts'
import { parseWorkflowDocument, type WorkflowDocument } from './workflow-document.ts'

/**
 * Which target of its workflow a task is at, and the condition of that target.
 *
 * Invariants: a document's row never changes, so what was parsed of it stays right until the row is gone; Matcher then says
 * `forget`. Targets with the same texts get the same condition, unless so many were in use that all were forgotten in
 * between: then there are two conditions, and two target indexes, that answer alike.
 */
export class WorkflowTargets {
  readonly #state: State
  readonly #documents = new Map<string, WorkflowDocument>()
  /** By their texts. */
  readonly #conditions = new Map<string, TargetCondition>()
  readonly #conditionByTarget = new WeakMap<Target, TargetCondition>()
  readonly longAnswers: LongAnswers

  constructor(state: State) {
    this.#state = state
    this.longAnswers = new LongAnswers(state.settings.comparisons_at_once / longOnes)
  }

  /** The parsed document of a row. Throws when there is no such row. */
  document(sid: string): WorkflowDocument {
    let document = this.#documents.get(sid)
    if (!document) {
      document = parseWorkflowDocument(this.#state.tables.workflow_document.need(sid).configuration)
      this.#documents.set(sid, document)
    }
    return document
  }

  /** The document's row is gone. */
  forget(sid: string): void {
    this.#documents.delete(sid)
  }

  /** The target that the task is at; one that asks for nothing when no filter has the task. */
  targetOf(task: TaskRow): Target {
    if (task.workflow_document_sid === null || task.filter_index === noFilter) return anybody
    const document = this.document(task.workflow_document_sid)
    if (task.filter_index === defaultFilter) return document.default_filter ?? anybody
    return document.filters[task.filter_index]?.targets[task.target_index] ?? anybody
  }

  /** The condition that a target asks of workers. */
  conditionOf(target: Target): TargetCondition {
    let condition = this.#conditionByTarget.get(target)
    if (condition) return condition
    const { expression, known_worker } = target
    const key = `${expression?.source ?? ''}\n${known_worker?.by ?? ''}\n${known_worker?.source ?? ''}`
    condition = this.#conditions.get(key)
    if (!condition) {
      if (this.#conditions.size > maxConditions) this.#conditions.clear()
      condition = new TargetCondition(expression, known_worker, this.longAnswers)
      this.#conditions.set(key, condition)
    }
    this.#conditionByTarget.set(target, condition)
    return condition
  }
}

const anybody: Target = {}
const maxConditions = 10_000
/** So many expressions that are not long may be asked at once. */
const longOnes = 1000
