import { type Act, command } from './act.ts'
import type { Workload } from './workload.ts'

/*
 * What customers and agents do in conversations and interactions. Names of people and of conversations are few, and what is
 * closed is named as often as what is open: the rows of both may have left memory.
 */

const identities = ['ann', 'bob', 'cid', 'Ann'] as const
const uniqueNames = ['order', 'Order', 'claim', `CH${'0'.repeat(32)}`] as const
const address = (n: number) => `+3725550000${n}`
const ours = '+3726000'

export const contactActs = {
  addConversation: (w) => {
    const { dice } = w
    const params = {
      ...(dice.chance(40) && { unique_name: dice.of(uniqueNames) }),
      ...(dice.chance(25) && { timers_inactive: 'PT1M' }),
      ...(dice.chance(25) && { timers_closed: 'PT10M' }),
      ...(dice.chance(8) && { state: dice.of(['closed', 'inactive', 'initializing']) })
    }
    if (dice.chance(60)) return command({ type: 'conversation.create', ...place(w), ...params }, w.fresh('v'))
    const participant = Array.from({ length: 1 + dice.roll(2) }, () => JSON.stringify(participantOf(someone(w))))
    return command({ type: 'conversation.create_with_participants', ...place(w), ...params, participant }, w.fresh('v'))
  },
  updateConversation: (w) =>
    command({
      type: 'conversation.update',
      ...place(w),
      sid: conversation(w),
      ...(w.dice.chance(70) && { state: w.dice.of(['closed', 'closed', 'closed', 'inactive', 'active']) }),
      ...(w.dice.chance(20) && { unique_name: w.dice.of(uniqueNames) }),
      ...(w.dice.chance(20) && { friendly_name: 'Where is it?' }),
      ...(w.dice.chance(10) && { timers_closed: w.dice.of(['PT10M', 'PT0S']) })
    }),
  deleteConversation: (w) => command({ type: 'conversation.delete', ...place(w), sid: conversation(w) }),
  addParticipant: (w) =>
    command({
      type: 'participant.create',
      ...place(w),
      conversation_sid: conversation(w),
      ...participantOf(someone(w))
    }),
  updateParticipant: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'p')
    const identity = w.dice.chance(30) && { identity: w.dice.of(identities) }
    return command({ type: 'participant.update', conversation_sid, sid, attributes: '{"vip":true}', ...identity })
  },
  deleteParticipant: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'p')
    return command({ type: 'participant.delete', conversation_sid, sid })
  },
  addMessage: (w) =>
    command({
      type: 'message.create',
      ...place(w),
      conversation_sid: conversation(w),
      body: w.dice.of(['Hello?', 'Where is it?']),
      ...(w.dice.chance(70) && { author: w.dice.of(identities) })
    }),
  updateMessage: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'm')
    return command({ type: 'message.update', conversation_sid, sid, body: 'Hello!' })
  },
  deleteMessage: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'm')
    return command({ type: 'message.delete', conversation_sid, sid })
  },
  addNote: (w) =>
    command({
      type: 'note.create',
      conversation_sid: conversation(w),
      author: w.dice.of(identities),
      body: w.dice.of(['', 'VIP', 'Called back']),
      ...(w.dice.chance(30) && { mentions: [w.dice.of(identities)] })
    }),
  updateNote: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'o')
    return command({ type: 'note.update', conversation_sid, sid, body: 'No VIP' })
  },
  deleteNote: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'o')
    return command({ type: 'note.delete', conversation_sid, sid })
  },
  addResponse: (w) =>
    command(
      {
        type: 'canned_response.create',
        section: w.dice.of(['General', 'Orders']),
        label: 'Hello',
        text: 'Hello!',
        ...(w.dice.chance(60) && { shortcut: w.dice.of(['hi', 'Å', 'A\u030a']) })
      },
      w.fresh('d')
    ),
  updateResponse: (w) =>
    command({
      type: 'canned_response.update',
      sid: w.any('canned_response'),
      shortcut: w.dice.of(['', 'hi', 'Å'])
    }),
  deleteResponse: (w) => command({ type: 'canned_response.delete', sid: w.any('canned_response') }),
  importResponses: (w) => {
    const section = w.dice.of(['General', 'Orders'])
    const categories = [{ section, responses: [{ label: 'Hello', text: w.dice.of(['Hello!', 'Hi!']) }] }]
    return command({ type: 'canned_response.import', responses: JSON.stringify({ categories }) })
  },
  addPerson: (w) => command({ type: 'flex_user.create', username: w.fresh('person') }, w.fresh('e')),
  deletePerson: (w) => command({ type: 'flex_user.delete', sid: w.any('flex_user') }),
  savePreferences: (w) =>
    command({
      type: 'preferences.update',
      flex_user_sid: w.any('flex_user'),
      preferences: w.dice.of(['{"theme":"dark"}', '{}', '[]'])
    }),
  addUser: (w) =>
    command({ type: 'user.create', ...place(w), identity: w.dice.of(identities), friendly_name: 'Ann' }, w.fresh('u')),
  updateUser: (w) =>
    command({
      type: 'user.update',
      ...place(w),
      sid: user(w),
      ...(w.dice.chance(80) && { friendly_name: w.fresh('Ann') })
    }),
  deleteUser: (w) => command({ type: 'user.delete', ...place(w), sid: user(w) }),
  addWebhook: (w) =>
    command({
      type: 'conversation_scoped_webhook.create',
      ...place(w),
      conversation_sid: conversation(w),
      target: 'webhook',
      configuration_url: 'https://acme.example/hook',
      configuration_filters: ['onMessageAdded', 'onConversationRemoved']
    }),
  updateWebhook: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'k')
    return command({
      type: 'conversation_scoped_webhook.update',
      conversation_sid,
      sid,
      configuration_url: 'https://acme.example/other'
    })
  },
  deleteWebhook: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'k')
    return command({ type: 'conversation_scoped_webhook.delete', conversation_sid, sid })
  },
  addInteraction: (w, s) => {
    const { dice } = w
    const name = w.fresh('i')
    const again = dice.chance(10) ? interaction(w) : undefined
    if (again) {
      const channel = { type: 'sms', initiated_by: 'api', sid: `${again}.channel` }
      return command({ type: 'interaction.create', channel, ...(dice.chance(70) && routing(w, s)) }, name)
    }
    const channel = dice.chance(60)
      ? { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: w.any('conversation') } }
      : {
          type: dice.of(['web', 'chat']),
          initiated_by: dice.of(['api', 'customer', 'agent']),
          participants: [someone(w)]
        }
    return command({ type: 'interaction.create', channel, ...routing(w, s) }, name)
  },
  updateInteraction: (w) => command({ type: 'interaction.update', sid: interaction(w), webhook_ttid: '' }),
  endChannel: (w) =>
    command({
      type: 'interaction_channel.update',
      ...channelOf(w, 'sid'),
      status: w.dice.of(['closed', 'closed', 'inactive']),
      ...(w.dice.chance(60) && { routing: { status: w.dice.of(['closed', 'closed', 'wrapup']) } })
    }),
  addInvite: (w, s) =>
    command({ type: 'invite.create', ...channelOf(w, 'channel_sid'), ...routing(w, s) }, w.fresh('n')),
  addMember: (w, s) =>
    command({
      type: 'interaction_participant.create',
      ...channelOf(w, 'channel_sid'),
      participant_type: w.dice.of(['agent', 'supervisor', 'external']),
      ...(w.dice.chance(70) && { media_properties: { identity: w.dice.of(identities) } }),
      ...(w.dice.chance(40) && { routing_properties: { worker_sid: w.any('worker', s) } })
    }),
  automate: (w) => {
    const { dice } = w
    const configuration = Array.from({ length: 1 + dice.roll(2) }, () => ({
      channel: dice.of(['default', 'default', 'Chat']),
      ...(dice.chance(15) && { required_attributes: [{ key: 'tier', value: 'gold' }] }),
      auto_accept: dice.chance(70),
      auto_wrapup: dice.chance(90),
      wrapup_time: dice.of([1, 2_000, 20_000]),
      allow_extended_wrapup: dice.chance(80),
      extended_wrapup_time: dice.of([0, 20_000]),
      default_outcome: 'done'
    }))
    const features = {
      agent_automation: { enabled: dice.chance(90), configuration },
      dispositions: { enabled: dice.chance(15), global: { require_disposition: true } }
    }
    const account_sid = `AC${'0'.repeat(32)}`
    return command({ type: 'flex_configuration.update', account_sid, ui_attributes: { custom_data: { features } } })
  },
  extendWrapUp: (w, s) => {
    const held = w.reservation(s, ['wrapping'])
    const reservation_sid = held ? `@r/${held.task}/${held.worker}` : '@r/t0/w0'
    return command({ type: 'wrap_up.update', workspace_sid: `@${s}`, reservation_sid, extended: w.dice.chance(70) })
  },
  endMember: (w) => {
    const path = channelOf(w, 'channel_sid')
    const sid = `@x/${path.interaction_sid.slice(1)}/${w.dice.roll(3)}`
    return command({ type: 'interaction_participant.update', ...path, sid, status: w.dice.of(['closed', 'wrapup']) })
  }
} as const satisfies Record<string, Act>

/** Mostly the account's own service. */
function place(w: Workload): { chat_service_sid?: string } {
  return w.dice.chance(15) ? { chat_service_sid: w.any('chat_service') } : {}
}

/** By its SID or, now and then, by its name. */
function conversation(w: Workload): string {
  return w.dice.chance(12) ? w.dice.of(uniqueNames) : w.any('conversation')
}

/** A conversation, and one of those in it (or of nobody): participants, messages, webhooks or notes. */
function inConversation(w: Workload, letter: 'p' | 'm' | 'k' | 'o'): [conversation: string, sid: string] {
  const name = w.any('conversation')
  if (letter === 'p' && w.dice.chance(20)) return [name, w.dice.of(identities)]
  return [name, `@${letter}/${name.slice(1)}/${w.dice.roll(3)}`]
}

function user(w: Workload): string {
  return w.dice.chance(50) ? w.dice.of(identities) : w.any('user')
}

function interaction(w: Workload): string {
  return w.any('interaction')
}

function channelOf<N extends 'sid' | 'channel_sid'>(w: Workload, name: N) {
  const interaction_sid = interaction(w)
  return { interaction_sid, [name]: `${interaction_sid}.channel` } as Record<'interaction_sid' | N, string> // as just made
}

/** Somebody as interactions name them: by an identity, or by a pair of addresses. */
function someone({ dice }: Workload): { identity: string } | { address: string; proxy_address: string } {
  if (dice.chance(60)) return { identity: dice.of(identities) }
  return { address: address(dice.roll(4)), proxy_address: ours }
}

/** The same as a participant's parameters. */
function participantOf(one: ReturnType<typeof someone>) {
  if ('identity' in one) return one
  return { messaging_binding_address: one.address, messaging_binding_proxy_address: one.proxy_address }
}

function routing(w: Workload, s: string) {
  const { dice } = w
  const queue = { queue_sid: w.any('task_queue', s) }
  const properties = {
    workspace_sid: `@${s}`,
    ...dice.of([
      { workflow_sid: w.any('workflow', s) },
      { workflow_sid: w.any('workflow', s) },
      queue,
      { ...queue, worker_sid: w.any('worker', s) }
    ]),
    ...(dice.chance(50) && { task_channel_unique_name: 'default' })
  }
  return { routing: { properties } }
}
