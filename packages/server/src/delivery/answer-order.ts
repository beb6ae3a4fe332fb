import type { Lanes } from './lanes.ts'
import type { Whole } from './sending.ts'

/** The place of an attempt among those whose answers become commands. */
export interface Turn {
  deal?: () => Promise<void>
}

/**
 * The order in which answers become commands: as they come, or under a test clock in the order in which the attempts were
 * started (`turn`). An attempt whose answer is not there yet holds up those that were started after it.
 */
export class AnswerOrder {
  readonly #lanes: Lanes
  readonly #whole: Whole
  readonly #inOrder: boolean
  #turns: Turn[] = []
  #isDealing = false
  /** Answers that are becoming commands. */
  #answering = 0

  constructor(lanes: Lanes, whole: Whole, inOrder: boolean) {
    this.#lanes = lanes
    this.#whole = whole
    this.#inOrder = inOrder
  }

  get isBusy(): boolean {
    return this.#answering > 0
  }

  /** A place in the order, for an attempt that is being started; undefined where there is no order. */
  turn(): Turn | undefined {
    if (!this.#inOrder) return undefined
    const turn: Turn = {}
    this.#turns.push(turn)
    return turn
  }

  /** Deals with an answer in its turn, or at once where it has none; then calls `done`. What fails is as good as lost. */
  take(turn: Turn | undefined, answer: () => Promise<void>, done: () => void): void {
    const { generation } = this.#lanes
    const deal = async () => {
      this.#answering += 1
      await answer().catch((err: unknown) => {
        if (!generation.isOver) this.#whole.lost(err)
      })
      if (generation.isOver) return
      this.#answering -= 1
      done()
    }
    if (!turn) return void deal()
    turn.deal = deal
    void this.#dealInOrder()
  }

  forget(): void {
    this.#turns = []
    this.#answering = 0
  }

  async #dealInOrder(): Promise<void> {
    if (this.#isDealing) return
    this.#isDealing = true
    for (let first = this.#turns[0]; first?.deal; first = this.#turns[0]) {
      this.#turns.shift()
      await first.deal()
    }
    this.#isDealing = false
  }
}
