import type { State } from '../center.ts'
import { Refusal } from '../core/refusals.ts'
import { accept } from '../routing/reservation.ts'
import type { ReservationRow } from '../routing/rows.ts'
import { emitChannel } from './events.ts'
import { addAgent } from './member.ts'
import { isUsable } from './rows.ts'
import { transferAccepted } from './transfer.ts'

/** Who has accepted joins the channel, once; an accepted invite wakes a parked one (reference flex 27, U6). */
export function agentJoins(state: State, reservation: ReservationRow): void {
  if (state.tables.interaction_participant.firstBy('reservation_sid', reservation.sid)) return
  const invite = state.tables.invite.firstBy('task_sid', reservation.task_sid)
  const channel = invite && state.tables.interaction_channel.need(invite.channel_sid)
  if (!channel || !isUsable(channel)) return
  if (channel.status === 'inactive') {
    const woken = state.change('interaction_channel', channel.sid, { status: 'active' })
    emitChannel(state, 'interaction.channel.status.updated', woken)
  }
  addAgent(state, channel, reservation, invite.auto_accept_identity)
  transferAccepted(state, reservation.task_sid)
}

/**
 * Accepts an offer without its worker's asking. Where the worker cannot join the conversation it stays an offer, and a
 * warning says why: nobody has asked who could be told otherwise.
 *
 * @param announce - tells that it is accepted so, before the rest is told
 */
export function acceptUnasked(state: State, reservation: ReservationRow, announce: () => void = () => {}): void {
  const done = state.attempt(() => {
    announce()
    accept(state, reservation)
    // At once, since what it refuses is to be undone together with the acceptance.
    agentJoins(state, reservation)
  })
  if (!(done instanceof Refusal)) return
  const message = `The offer is not accepted for its worker: ${done.message}`
  const workspace = state.tables.workspace.need(reservation.workspace_sid)
  state.emit('ringdown.warning', { workspace, reservation, extra: { warning: 'auto_accept', message } })
}
