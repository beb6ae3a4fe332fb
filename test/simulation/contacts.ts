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
const other = '+3726001'

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
    const participant = Array.from({ length: 1 + dice.roll(2) }, () => JSON.stringify(newcomer(w)))
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
      ...newcomer(w)
    }),
  updateParticipant: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'p')
    const identity = w.dice.chance(30) && { identity: w.dice.of(identities) }
    const projected = w.dice.chance(15) && { messaging_binding_projected_address: w.dice.of([ours, 'null']) }
    const attributes = '{"vip":true}'
    return command({ type: 'participant.update', conversation_sid, sid, attributes, ...identity, ...projected })
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
  /** A customer writes: into the conversation that holds the pair, or into a new one. */
  receive: (w) =>
    command(
      {
        type: 'conversation.receive',
        from: address(w.dice.roll(4)),
        to: w.dice.chance(80) ? ours : other,
        body: w.dice.of(['Hello?', '']),
        ...(w.dice.chance(30) && { profile_name: 'Ana' })
      },
      w.fresh('v')
    ),
  addAddress: (w) =>
    command(
      {
        type: 'configuration_address.create',
        address_type: 'sms',
        address: w.dice.of([ours, other, 'nowhere']),
        auto_creation_enabled: w.dice.chance(80),
        ...w.dice.of([
          {},
          { auto_creation_conversation_service_sid: w.any('chat_service') },
          {
            auto_creation_type: 'webhook',
            auto_creation_webhook_url: 'https://acme.example/first',
            auto_creation_webhook_filters: ['onMessageAdded']
          }
        ] as const)
      },
      w.fresh('g')
    ),
  updateAddress: (w) =>
    command({
      type: 'configuration_address.update',
      sid: w.dice.of([ours, w.any('configuration_address')]),
      auto_creation_enabled: w.dice.chance(80)
    }),
  deleteAddress: (w) => command({ type: 'configuration_address.delete', sid: w.any('configuration_address') }),
  /** A message goes on its way to a participant. */
  handOver: (w) => {
    const name = one(w, w.withSome('message')).slice(1)
    return command({
      type: 'message_receipt.create',
      message_sid: `@m/${name}/${w.dice.roll(2)}`,
      participant_sid: `@p/${name}/0`,
      channel_message_sid: null,
      ...(w.dice.chance(20) && { status: w.dice.of(['failed', 'delivered']) })
    })
  },
  reportReceipt: (w) => {
    const place = `${one(w, w.withSome('message_receipt')).slice(1)}/${w.dice.roll(2)}`
    return command({
      type: 'message_receipt.report',
      sid: `@y/${place}`,
      message_sid: `@z/${place}`,
      status: w.dice.of(['sent', 'delivered', 'delivered', 'read', 'failed', 'undelivered'])
    })
  },
  read: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'p')
    const last_read_message_index = w.dice.of([null, 0, 1, 2, 99])
    if (w.dice.chance(20))
      return command({ type: 'participant.update', conversation_sid, sid, last_read_message_index })
    const muted = w.dice.chance(20) && ({ notification_level: 'muted' } as const)
    return command({
      type: 'user_conversation.update',
      ...place(w),
      user_sid: user(w),
      conversation_sid: conversation(w),
      last_read_message_index,
      ...muted
    })
  },
  leave: (w) =>
    command({
      type: 'user_conversation.delete',
      ...place(w),
      user_sid: user(w),
      conversation_sid: conversation(w)
    }),
  addRole: (w) =>
    command(
      {
        type: 'role.create',
        ...place(w),
        friendly_name: 'guest',
        role_type: w.dice.of(['conversation', 'service']),
        permission: [w.dice.of(['sendMessage', 'joinConversation', 'fly'])]
      },
      w.fresh('l')
    ),
  giveRole: (w) => {
    const [conversation_sid, sid] = inConversation(w, 'p')
    const role_sid = w.any('role')
    if (w.dice.chance(50)) return command({ type: 'participant.update', conversation_sid, sid, role_sid })
    const chat_service_sid = w.any('chat_service')
    return command({
      type: 'chat_service_configuration.update',
      chat_service_sid,
      default_conversation_role_sid: role_sid
    })
  },
  deleteRole: (w) => command({ type: 'role.delete', ...place(w), sid: w.any('role') }),
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
  park: (w, s) => {
    const member = w.agent()
    const path = { workspace_sid: `@${s}`, worker_sid: member?.worker_sid ?? '@w0' }
    const resume_at = w.dice.chance(30) && { resume_at: w.at + 1 + w.dice.roll(120_000) }
    return command({ type: 'parked_contact.create', ...path, task_sid: member?.task_sid ?? '@t0', ...resume_at })
  },
  unpark: (w) => {
    const { sid = '@t0', workspace_sid = '@s0', worker_sid = '@w0' } = w.parked() ?? {}
    const to = w.dice.chance(60) ? { status: 'resumed' as const } : { resume_at: w.dice.of([null, w.at + 30_000]) }
    return command({ type: 'parked_contact.update', workspace_sid, worker_sid, sid, ...to })
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

/** One of some conversations; any where there is none. */
function one(w: Workload, some: readonly string[]): string {
  return some.length === 0 ? w.any('conversation') : w.dice.of(some)
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

/** Somebody in a conversation: by an identity, by a pair, or in a group MMS by a phone or by a number of ours. */
function newcomer(w: Workload) {
  const { dice } = w
  if (dice.chance(80)) return participantOf(someone(w))
  if (dice.chance(50)) return { messaging_binding_address: address(dice.roll(4)) }
  return { messaging_binding_projected_address: ours, ...(dice.chance(60) && { identity: dice.of(identities) }) }
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
