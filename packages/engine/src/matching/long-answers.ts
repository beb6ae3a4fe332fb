import type { Expression } from './expression/compile.ts'
import type { TaskView, WorkerView } from './expression/environment.ts'

/**
 * A decision has asked long expressions as much as it may at once, and is broken off: others have their turn, then it is made
 * again, finds what was answered already, and comes further.
 */
export class Unfinished extends Error {
  override readonly name = 'Unfinished'
}

/**
 * What the long expressions of targets have answered, and how much more may be asked in this decision
 * (docs/decisions/035-long-decisions-are-begun-again.md).
 *
 * Invariants: an answer follows from texts alone, so it stays right, and a decision that is made again decides the same.
 * Only questions that leave nothing half done may break off.
 */
export class LongAnswers {
  /** Comparisons that may still be asked before the decision is broken off; infinite outside of decisions. */
  left = Number.POSITIVE_INFINITY
  readonly #long: number
  /** By expression, then by what is asked of it, and of which task and worker. */
  readonly #known = new Map<Expression, Map<string, Answer>>()
  #size = 0

  /** Expressions with more comparisons than `long` are long. */
  constructor(long: number) {
    this.#long = long
  }

  /** Whether what the expression answers is kept: it must take long, and must not read what changes without a text. */
  isLong({ steps, worker_paths }: Expression): boolean {
    return steps > this.#long && !worker_paths.some((path) => path.volatile && path.keys[0] === 'channel')
  }

  /**
   * What the expression, or a part of it, answers of a worker and a task. Throws Unfinished, where that may be, when too much
   * was asked already.
   */
  ask(expression: Expression, { part, task, worker }: Question, answer: () => boolean, mayBreakOff: boolean): boolean {
    if (worker.text === undefined || (task && task.text === undefined)) return answer()
    const question = `${part} ${task?.text ?? ''}\n${textOf(worker)}`
    const known = this.#known.get(expression)?.get(question)
    if (known !== undefined) return known === true // keys are asked by other questions
    if (mayBreakOff) this.#spend(expression, worker.text)
    return this.#keep(expression, question, answer())
  }

  /**
   * The keys of a worker, which take as long to tell. They follow from the known worker as well, which targets with the same
   * expression need not share: `known_worker` is its text. Throws Unfinished when too much was asked already.
   */
  keys(
    expression: Expression,
    { known_worker, worker }: { readonly known_worker: string; readonly worker: WorkerView },
    answer: () => readonly string[]
  ): readonly string[] {
    if (worker.text === undefined) return answer()
    const question = `keys ${known_worker}\n${textOf(worker)}`
    const known = this.#known.get(expression)?.get(question)
    if (typeof known === 'object') return known
    this.#spend(expression, worker.text)
    return this.#keep(expression, question, answer())
  }

  /** An expression of so many characters is compiled, each in the time of two comparisons. Throws Unfinished when too much was asked, or compiled, already. */
  compiling(length: number): void {
    this.#take(2 * length)
  }

  #spend({ steps, scans }: Expression, attributes: string): void {
    this.#take(1 + steps + (scans * attributes.length) / charactersAStep)
  }

  #take(comparisons: number): void {
    if (this.left <= 0) throw new Unfinished('there is more to ask')
    this.left -= comparisons
  }

  #keep<A extends Answer>(expression: Expression, question: string, answer: A): A {
    if (this.#size >= maxAnswers) {
      this.#known.clear()
      this.#size = 0
    }
    let answers = this.#known.get(expression)
    if (!answers) {
      answers = new Map()
      this.#known.set(expression, answers)
    }
    answers.set(question, answer)
    this.#size++
    return answer
  }
}

type Answer = boolean | readonly string[]

/** All that an expression can read of a worker, but for the figures of channels. */
function textOf({ sid, activity_sid, activity_name, friendly_name, text }: WorkerView): string {
  return `${sid} ${activity_sid} ${activity_name}\n${friendly_name}\n${text}`
}

/** What is asked: the whole expression, of a worker and a task, or what it says of the worker alone. */
interface Question {
  readonly part: 'whole' | 'worker'
  readonly task?: TaskView
  readonly worker: WorkerView
}

/** Characters that CONTAINS looks through in the time of another comparison. */
const charactersAStep = 100

/** Kept at once: what one decision asks of a large floor. */
const maxAnswers = 20_000
