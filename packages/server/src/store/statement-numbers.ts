import type { Step } from './sqlite-thread.ts'

/*
 * The statements of a transaction on their way to another thread. Their texts are long, few, and the same in nearly every
 * transaction: each is posted once, and its number from then on.
 */

/** A statement without its values. A text has one width, and must change a row or need not, wherever it is run. */
interface Statement {
  readonly sql: string
  readonly width: number
  readonly must: boolean | undefined
}

/** A step as the other thread knows it: without its values, of which it has so many. */
export interface KnownStep extends Statement {
  readonly count: number
}

/** Steps as they are posted, without their values. */
export interface NumberedSteps {
  /** Of the statements that the other thread knows the first ones stay, so many. */
  readonly known: number
  /** Statements that come behind them. */
  readonly fresh: readonly Statement[]
  /** Of each step, one after the other: its statement's number, and how many values it has. */
  readonly steps: readonly number[]
}

/** More than any program of ours has: what is made for one request alone must not grow memory for ever. */
const limit = 500

/** The numbers of the statements that another thread knows. */
export class StatementNumbers {
  readonly #numbers = new Map<string, number>()

  /** The steps as they are posted next. */
  numbered(steps: readonly Step[]): NumberedSteps {
    if (this.#numbers.size >= limit) this.#numbers.clear()
    const known = this.#numbers.size
    const fresh: Statement[] = []
    const listed: number[] = []
    for (const { sql, width, must, values } of steps) {
      let number = this.#numbers.get(sql)
      if (number === undefined) {
        number = this.#numbers.size
        this.#numbers.set(sql, number)
        fresh.push({ sql, width, must })
      }
      listed.push(number, values.length)
    }
    return { known, fresh, steps: listed }
  }
}

/** The other thread's side. What was posted must come in its order, and all of it. */
export class KnownStatements {
  readonly #statements: Statement[] = []

  /** The steps that were posted. */
  of({ known, fresh, steps }: NumberedSteps): KnownStep[] {
    const statements = this.#statements
    statements.length = Math.min(known, statements.length)
    statements.push(...fresh)
    const found: KnownStep[] = []
    for (let i = 0; i < steps.length; i += 2) {
      const [number = -1, count = 0] = [steps[i], steps[i + 1]]
      const statement = statements[number]
      if (statement === undefined) throw new Error(`invariant: nobody has posted statement ${number}`)
      found.push({ sql: statement.sql, width: statement.width, must: statement.must, count })
    }
    return found
  }
}
