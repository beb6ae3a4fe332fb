import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import { Refusal } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import { createInteraction } from './interaction.ts'
import { representInteraction } from './representation.ts'

/** A flow hands its contact over: an interaction takes it on, or the flow is told why none could (reference studio 4.9). */
export function takeOver(state: State, refs: EventRefs): void {
  const { sid: execution_sid } = refOf(refs, 'execution')
  const { channel, routing, widget = null } = refs.extra ?? {}
  const made = state.attempt(() => createInteraction(state, { channel, routing }))
  if (made instanceof Refusal) {
    answer(state, refs, { execution_sid, widget, error: made.message, error_code: made.number })
    return
  }
  const { interaction, interaction_channel, task } = made
  if (interaction_channel.status === 'failed') {
    const { error_message, error_code } = interaction_channel
    answer(state, refs, { execution_sid, widget, error: error_message ?? 'the channel failed', error_code })
    return
  }
  const shown = representInteraction(state, interaction, task)
  answer(state, refs, {
    execution_sid,
    widget,
    interaction_sid: interaction.sid,
    task_sid: task?.sid ?? null,
    channel: JSON.stringify(shown.channel),
    routing: JSON.stringify(shown.routing)
  })
}

function answer(state: State, { flow, execution }: EventRefs, extra: NonNullable<EventRefs['extra']>): void {
  state.emit('ringdown.flow.handoff-answered', { flow, execution, extra })
}
