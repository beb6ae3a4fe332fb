import { isoMilliseconds } from '@ringdown/contract/instant'
import type { Logger } from 'pino'
import { type Board, shownBoard } from './board.ts'
import type { InsightDesk } from './insight-desk.ts'

export interface BoardPushOptions {
  readonly desk: InsightDesk
  readonly now: () => number
  /** Whether time stands still: then a board is made anew whenever something may have changed. */
  readonly isTesting: boolean
  readonly log: Logger
}

interface Followed {
  readonly followers: Set<(text: string) => void>
  /** Followers who have not been sent the whole board yet. */
  readonly fresh: Set<(text: string) => void>
  timer: NodeJS.Timeout
  board: Board | undefined
  isFailing: boolean
}

/** Milliseconds between two looks. */
const beat_ms = 1_000

/**
 * Sends boards to their followers: the whole board first, then its changes, every second. However many follow one, it is made
 * once, as one text for all of them.
 */
export class BoardPush {
  readonly #options: BoardPushOptions
  readonly #followed = new Map<string, Followed>()

  constructor(options: BoardPushOptions) {
    this.#options = options
  }

  /** Sends the board of a workspace, as JSON text, until the answered function is called. */
  follow(workspace_sid: string, send: (text: string) => void): () => void {
    const known = this.#followed.get(workspace_sid) ?? this.#begin(workspace_sid)
    known.followers.add(send)
    known.fresh.add(send)
    void this.#look(workspace_sid, known)
    return () => {
      known.followers.delete(send)
      known.fresh.delete(send)
      if (known.followers.size > 0) return
      clearInterval(known.timer)
      this.#followed.delete(workspace_sid)
    }
  }

  close(): void {
    for (const { timer } of this.#followed.values()) clearInterval(timer)
    this.#followed.clear()
  }

  #begin(workspace_sid: string): Followed {
    const timer = setInterval(() => void this.#look(workspace_sid, followed), beat_ms)
    timer.unref()
    const followed: Followed = { followers: new Set(), fresh: new Set(), timer, board: undefined, isFailing: false }
    this.#followed.set(workspace_sid, followed)
    return followed
  }

  async #look(workspace_sid: string, followed: Followed): Promise<void> {
    const { desk, now, isTesting, log } = this.#options
    try {
      const board = await desk.board(workspace_sid, now(), isTesting)
      const { board: before, fresh, followers } = followed
      followed.board = board
      const old = [...followers].filter((send) => !fresh.has(send))
      if (before && board.version > before.version && old.length > 0) {
        const text = this.#text(board, before.version)
        for (const send of old) send(text)
      }
      if (fresh.size > 0) {
        const text = this.#text(board)
        for (const send of fresh) send(text)
        fresh.clear()
      }
      followed.isFailing = false
    } catch (err) {
      // Once: as long as the store is away it fails again and again.
      if (!followed.isFailing) log.warn({ err }, 'a board could not be made; it is tried again')
      followed.isFailing = true
    }
  }

  #text(board: Board, since?: number): string {
    const shown = shownBoard(board, this.#options.desk.epoch, { since })
    return JSON.stringify({ ...shown, at: isoMilliseconds(shown.at) })
  }
}
