import type { State } from '@ringdown/engine/center'

/* What must be true of customers' sessions after every decision, from the rows in memory alone. */

/** What is wrong with the sessions of a state. */
export function* webchatComplaints({ tables }: State): Generator<string> {
  for (const session of tables.webchat_session.all()) {
    const { sid, status, reason, ends_at, conversation_sid, identity, generation, rating } = session
    const conversation = tables.conversation.get(conversation_sid)
    if ((status === 'open') !== (reason === null)) yield `session ${sid} is ${status} because of ${reason}`
    if ((status === 'ended') !== (ends_at === null)) yield `session ${sid} is ${status} and ends at ${ends_at}`
    if (generation < 1) yield `session ${sid} has had ${generation} handles`
    if (rating !== null && !(rating >= 1 && rating <= 5)) yield `session ${sid} was rated ${rating}`
    if (status !== 'ended' && !tables.webchat_deployment.get(session.deployment_sid))
      yield `session ${sid} is of a deployment that is gone`
    if (status !== 'open') continue
    // Whoever may write is in a conversation where one can.
    if (!conversation || conversation.state === 'closed') yield `session ${sid} is open in a conversation that is not`
    const members = [...tables.participant.by('conversation_sid', conversation_sid)]
    if (!members.some((member) => member.identity === identity))
      yield `session ${sid} is open, and nobody of it is there`
  }
}
