import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * What customers on pages do, and those who keep deployments: handles are used twice, sessions are over while somebody comes
 * back, and conversations go from under them. Generations are few, so that old and new ones meet.
 */

export const webchatActs = {
  addChatAddress: (w) =>
    command(
      {
        type: 'configuration_address.create',
        address_type: 'chat',
        address: w.dice.of(['shop', 'help', 'Shop']),
        auto_creation_enabled: w.dice.chance(90),
        ...(w.dice.chance(20) && { auto_creation_conversation_service_sid: w.any('chat_service') })
      },
      w.fresh('g')
    ),
  addDeployment: (w) =>
    command(
      {
        type: 'webchat_deployment.create',
        friendly_name: 'Shop',
        address_sid: w.any('configuration_address'),
        ...settings(w)
      },
      w.fresh('W')
    ),
  updateDeployment: (w) =>
    command({ type: 'webchat_deployment.update', sid: w.any('webchat_deployment'), ...settings(w) }),
  deleteDeployment: (w) => command({ type: 'webchat_deployment.delete', sid: w.any('webchat_deployment') }),
  openSession: (w) =>
    command(
      {
        type: 'webchat_session.open',
        deployment_sid: w.any('webchat_deployment'),
        identity: w.dice.chance(30) ? w.dice.of(['web:17', 'ann']) : w.fresh('guest'),
        form: w.dice.of([{}, { name: 'Ana' }, { name: 'Ana', order: '17' }, { order: 7 }]),
        ...(w.dice.chance(30) && { verified: { name: 'Ana' } })
      },
      w.fresh('B')
    ),
  resumeSession: (w, s) =>
    having(w, s, (sid) =>
      command({ type: 'webchat_session.resume', sid, generation: w.generationOf(sid) - w.dice.of([0, 0, 0, 1, 2, -1]) })
    ),
  touchSession: (w, s) => having(w, s, (sid) => command({ type: 'webchat_session.touch', sid })),
  rateSession: (w, s) => having(w, s, (sid) => command({ type: 'webchat_session.rate', sid, rating: w.dice.roll(7) })),
  leaveSession: (w, s) => having(w, s, (sid) => command({ type: 'webchat_session.leave', sid })),
  endSession: (w, s) => having(w, s, (sid) => command({ type: 'webchat_session.delete', sid })),
  guestWrites: (w) => {
    const { conversation_sid, identity } = w.guest() ?? { conversation_sid: w.any('conversation'), identity: 'ann' }
    return command({ type: 'message.create', conversation_sid, author: identity, body: 'Hello?' })
  },
  guestIsRemoved: (w) => {
    const { conversation_sid, identity } = w.guest() ?? { conversation_sid: w.any('conversation'), identity: 'ann' }
    return command({ type: 'participant.delete', conversation_sid, sid: identity })
  },
  chatCloses: (w) =>
    command({
      type: 'conversation.update',
      sid: w.guest()?.conversation_sid ?? w.any('conversation'),
      state: w.dice.of(['closed', 'closed', 'inactive'])
    })
} as const satisfies Record<string, Act>

function settings({ dice }: Workload) {
  return {
    ...(dice.chance(30) && { enabled: dice.chance(70) }),
    ...(dice.chance(30) && { rating: dice.chance(70) }),
    ...(dice.chance(20) && { form: dice.of(['{}', '{"fields":[{"name":"order","required":true}]}', '[]']) })
  }
}

/** A session, whatever has become of it; while there is none, one is opened. */
function having(w: Workload, workspace: string, act: (sid: string) => ReturnType<Act>): ReturnType<Act> {
  const sid = w.made('webchat_session')
  return sid === undefined ? (webchatActs.openSession as Act)(w, workspace) : act(sid)
}
