import { holderOf } from './facts.ts'
import type { InsightEvent } from './insight-event.ts'
import type { StatusPiece } from './segment.ts'

/** Where a worker is now. Nothing of it changes: each event makes another one. */
export interface Presence {
  readonly worker_sid: string
  /** Seq of the last event that was told of it. */
  readonly seq: number
  readonly workspace_sid: string | null
  readonly team: string | null
  readonly activity_sid: string
  readonly activity: string | null
  /** Reservations that it has in hand. */
  readonly held: readonly string[]
  /** Since when it is so, and the event with which that began. */
  readonly since: number
  readonly since_seq: number
}

const day = 86_400_000

/** A worker after an event that tells where it is. What was before ends with a piece, where it lasted. */
export function afterWorker(
  before: Presence | undefined,
  event: InsightEvent,
  tell: (piece: StatusPiece) => void
): Presence | undefined {
  const { seq, worker_sid, worker_activity_sid } = event
  if (worker_sid === null || worker_activity_sid === null) return before
  const { team, activity } = holderOf(event)
  const held = heldAfter(before, event)
  const isSame = before !== undefined && isAlike(before, { team, activity_sid: worker_activity_sid, held })
  if (before && !isSame) tellPieces(before, event.at, tell)
  return {
    worker_sid,
    seq,
    workspace_sid: event.workspace_sid,
    team,
    activity_sid: worker_activity_sid,
    activity,
    held,
    since: isSame ? before.since : event.at,
    since_seq: isSame ? before.since_seq : seq
  }
}

function heldAfter(before: Presence | undefined, { type, reservation_sid }: InsightEvent): readonly string[] {
  const held = before?.held ?? []
  if (reservation_sid === null) return held
  if (type === 'reservation.accepted') return [...held, reservation_sid]
  const isOver = type === 'reservation.completed' || type === 'reservation.canceled'
  return isOver && held.includes(reservation_sid) ? held.filter((sid) => sid !== reservation_sid) : held
}

type Alike = Pick<Presence, 'activity_sid' | 'team' | 'held'>

function isAlike(a: Alike, b: Alike): boolean {
  return a.activity_sid === b.activity_sid && a.team === b.team && a.held.length > 0 === b.held.length > 0
}

/** Tells what has lasted up to an instant, a piece for each day, so that none is longer than one. */
export function tellPieces(presence: Presence, until: number, tell: (piece: StatusPiece) => void): void {
  const { worker_sid, workspace_sid, team, activity_sid, activity, held, since, since_seq: seq } = presence
  const busy = held.length > 0 ? 1 : 0
  for (let began_at = since; began_at < until; ) {
    const ended_at = Math.min(until, began_at - (began_at % day) + day)
    tell({ worker_sid, began_at, seq, ended_at, workspace_sid, team, activity_sid, activity, busy })
    began_at = ended_at
  }
}

/** The same, as a list. */
export function piecesOf(presence: Presence, until: number): StatusPiece[] {
  const pieces: StatusPiece[] = []
  tellPieces(presence, until, (piece) => pieces.push(piece))
  return pieces
}
