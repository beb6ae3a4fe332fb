import { teamIn } from './facts.ts'
import type { InsightEvent } from './insight-event.ts'
import { emptyList, withOne } from './open-task.ts'
import type { StatusPiece } from './segment.ts'

/** Where a worker is now. Events change it: whoever wants it as it is now takes a copy. */
export interface Presence {
  readonly worker_sid: string
  /** Seq of the last event that was told of it. */
  seq: number
  workspace_sid: string | null
  team: string | null
  activity_sid: string
  activity: string | null
  /** Reservations that it has in hand. */
  held: readonly string[]
  /** Since when it is so, and the event with which that began. */
  since: number
  since_seq: number
}

const day = 86_400_000

/** A worker of whom an event tells for the first time where it is. */
export function newPresence(event: InsightEvent, worker_sid: string, activity_sid: string): Presence {
  const { seq, at, workspace_sid, worker_activity_name: activity } = event
  const held = heldAfter(emptyList, event)
  return {
    worker_sid,
    seq,
    workspace_sid,
    team: teamIn(event),
    activity_sid,
    activity,
    held,
    since: at,
    since_seq: seq
  }
}

/** An event tells where a worker is. What was before ends with a piece, where it lasted. */
export function movePresence(
  presence: Presence,
  event: InsightEvent,
  activity_sid: string,
  tell: (piece: StatusPiece) => void
): void {
  const { seq, at } = event
  const team = teamIn(event)
  const held = heldAfter(presence.held, event)
  const wasBusy = presence.held.length > 0
  if (presence.activity_sid !== activity_sid || presence.team !== team || wasBusy !== held.length > 0) {
    tellPieces(presence, at, tell)
    presence.since = at
    presence.since_seq = seq
  }
  presence.seq = seq
  presence.workspace_sid = event.workspace_sid
  presence.team = team
  presence.activity_sid = activity_sid
  presence.activity = event.worker_activity_name
  presence.held = held
}

function heldAfter(held: readonly string[], { type, reservation_sid }: InsightEvent): readonly string[] {
  if (reservation_sid === null) return held
  if (type === 'reservation.accepted') return withOne(held, reservation_sid)
  const isOver = type === 'reservation.completed' || type === 'reservation.canceled'
  if (!isOver || !held.includes(reservation_sid)) return held
  return held.length === 1 ? emptyList : held.filter((sid) => sid !== reservation_sid)
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
