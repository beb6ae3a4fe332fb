import { oneOf } from '../core/enumeration.ts'
import { refuse } from '../core/refusals.ts'
import type { RoleRow } from './rows.ts'

/* What roles may permit (reference conversations 14.2). */

const ofBoth = [
  'addParticipant',
  'deleteAnyMessage',
  'deleteConversation',
  'editAnyMessage',
  'editAnyMessageAttributes',
  'editAnyUserInfo',
  'editConversationAttributes',
  'editConversationName',
  'editOwnMessage',
  'editOwnMessageAttributes',
  'editOwnUserInfo',
  'removeParticipant',
  // Not in the original's lists, but taken by it.
  'addNonChatParticipant',
  'deleteOwnMessage',
  'editAnyParticipantAttributes',
  'editNotificationLevel',
  'editOwnParticipantAttributes',
  'leaveConversation',
  'sendMediaMessage',
  'sendMessage'
] as const

const known = {
  service: [...ofBoth, 'createConversation', 'joinConversation'],
  conversation: ofBoth
} as const satisfies Record<RoleRow['type'], readonly string[]>

/** What names of Chat's time mean now; they are kept as they were given. */
const ofChat: Readonly<Record<string, string>> = {
  addMember: 'addParticipant',
  createChannel: 'createConversation',
  destroyChannel: 'deleteConversation',
  editChannelAttributes: 'editConversationAttributes',
  editChannelName: 'editConversationName',
  inviteMember: 'addParticipant',
  joinChannel: 'joinConversation',
  leaveChannel: 'leaveConversation',
  removeMember: 'removeParticipant'
}

/** The names, each once; refuses none at all, and those that nothing is called by. Letter case counts. */
export function checkedPermissions(type: RoleRow['type'], names: readonly string[]): readonly string[] {
  const given = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]
  if (given.length === 0) refuse('invalid', 'A Role needs a Permission')
  const possible: readonly string[] = known[type]
  for (const name of given) {
    if (!possible.includes(ofChat[name] ?? name))
      refuse('invalid', `Value '${name}' provided for Permission is not a permission of a ${type} role`)
  }
  return given
}

/** What a role's names permit, in the words of today. */
export function permitted({ permissions }: RoleRow): readonly string[] {
  return permissions.map((name) => ofChat[name] ?? name)
}

export function roleTypeOf(text: string): RoleRow['type'] {
  return oneOf(['conversation', 'service'] as const, text, 'Type')
}
