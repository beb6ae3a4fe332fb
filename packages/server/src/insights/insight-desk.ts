import { randomBytes } from 'node:crypto'
import type { State } from '@ringdown/engine/center'
import type { Figures } from './answer.ts'
import {
  type Board,
  boardActivities,
  boardQueue,
  boardWorkers,
  dayStartOf,
  nextBoard,
  noFigures,
  recent_ms,
  type WindowFigures,
  windowMetrics
} from './board.ts'
import { BoardPush, type BoardPushOptions } from './board-push.ts'
import { questionIn } from './question.ts'
import { type Questions, questionContext } from './questions.ts'

export interface InsightDeskOptions {
  readonly account: { readonly state: State }
  readonly questions: Questions
  /** How boards are sent as they change. */
  readonly pushing: Pick<BoardPushOptions, 'now' | 'isTesting' | 'log'>
}

/** Milliseconds for which a board is the same for all who ask; and how many times what it took to make it. */
const fresh_ms = 1_000
const rests = 4

/** Answers what people ask about what has happened and what goes on. */
export class InsightDesk {
  readonly questions: Questions
  /** Versions of boards are those of this process. */
  readonly boards: BoardPush
  readonly epoch = randomBytes(4).toString('hex')
  readonly #account: InsightDeskOptions['account']
  readonly #boards = new Map<string, { made: number; took: number; key: string; board: Board }>()
  readonly #making = new Map<string, Promise<Board>>()

  constructor({ account, questions, pushing }: InsightDeskOptions) {
    this.#account = account
    this.questions = questions
    this.boards = new BoardPush({ desk: this, ...pushing })
  }

  /**
   * The board of a workspace: one for all who ask within a second, or for longer where it is dear. `isExact` makes it anew
   * whenever something may have changed, for a clock that stands still.
   */
  board(workspace_sid: string, now: number, isExact = false): Promise<Board> {
    const known = this.#boards.get(workspace_sid)
    const { state } = this.#account
    const key = `${state.decision}/${now}`
    if (known) {
      const spent = performance.now() - known.made
      const isFresh = isExact ? known.key === key : spent < Math.max(fresh_ms, rests * known.took)
      if (isFresh) return Promise.resolve(known.board)
    }
    let making = this.#making.get(workspace_sid)
    if (!making) {
      const begun = performance.now()
      making = this.#make(workspace_sid, now, known?.board)
        .then((board) => {
          this.#boards.set(workspace_sid, { made: performance.now(), took: performance.now() - begun, key, board })
          return board
        })
        .finally(() => this.#making.delete(workspace_sid))
      this.#making.set(workspace_sid, making)
    }
    return making
  }

  async #make(workspace_sid: string, now: number, before: Board | undefined): Promise<Board> {
    const { state } = this.#account
    const queues = state.tables.task_queue.list('workspace_sid', workspace_sid)
    const { columns } = questionIn(
      { metrics: windowMetrics, from: new Date(now - recent_ms).toISOString() },
      questionContext(state, now)
    )
    const recent = await this.#window(workspace_sid, now - recent_ms, now)
    // Queues whose days begin together are asked for together.
    const starts = new Map(queues.map(({ sid }) => [sid, dayStartOf(state, sid, now)]))
    const days = new Map<number, WindowFigures>()
    for (const start of new Set(starts.values())) days.set(start, await this.#window(workspace_sid, start, now))
    return nextBoard(before, {
      workspace_sid,
      at: now,
      queues: queues
        .filter(({ sid }) => state.find('task_queue', sid))
        .map((queue) => {
          const today = days.get(starts.get(queue.sid) ?? 0) ?? noFigures
          return boardQueue(state, queue, { now, columns, recent, today })
        }),
      activities: boardActivities(state, workspace_sid, now),
      workers: boardWorkers(state, workspace_sid, before?.workers)
    })
  }

  async #window(workspace_sid: string, from: number, now: number): Promise<WindowFigures> {
    if (from >= now) return noFigures
    const { state } = this.#account
    const figures = async (group_by: readonly string[]): Promise<readonly Figures[]> => {
      const asked = {
        metrics: windowMetrics,
        group_by,
        where: { workspace: workspace_sid },
        from: new Date(from).toISOString()
      }
      const question = questionIn(asked, questionContext(state, now))
      return (await this.questions.figures(question, now)).rows
    }
    const queues = new Map((await figures(['task_queue'])).map(({ groups, values }) => [String(groups[0]), values]))
    const channels = new Map<string, Map<string, Figures['values']>>()
    for (const { groups, values } of await figures(['task_queue', 'channel'])) {
      const [queue, channel] = groups.map(String)
      const own = channels.get(queue ?? '') ?? new Map<string, Figures['values']>()
      own.set(channel ?? '', values)
      channels.set(queue ?? '', own)
    }
    return { queues, channels }
  }
}
