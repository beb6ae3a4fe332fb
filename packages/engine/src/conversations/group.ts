import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import { refuse } from '../core/refusals.ts'
import { type ConversationRow, isGroupMember, type ParticipantRow } from './rows.ts'

/*
 * Group MMS (reference conversations 7.1 and 7.4, rule 4): members are reached by their own address alone, and see each
 * other; whoever is not on the phone network is seen there by a number of ours, the projected address. Which conversation a
 * message of such a group belongs to, all addresses together say.
 */

/** Members and numbers of ours that one group has at most: what phone networks carry (reference conversations 20). */
export const maxInGroup = 10

/** Members of a conversation's group, in the order in which they came; none where it is no group. */
export function groupMembers(state: State, conversation_sid: string): readonly ParticipantRow[] {
  return state.tables.participant.list('messaging', conversation_sid).filter(isGroupMember)
}

/** Numbers of ours in a conversation's group, each once, the first that came first. */
export function projectedAddresses(state: State, conversation_sid: string): readonly string[] {
  const rows = state.tables.participant.list('projected', conversation_sid)
  return [...new Set(rows.flatMap(({ projected_address }) => projected_address ?? []))]
}

/** The number of ours that the group sees a message of somebody by: the author's own, else the group's first; null where it has none. */
export function projectedFor(state: State, conversation_sid: string, participant_sid: string | null): string | null {
  const author = state.resident('participant', participant_sid)
  const own = author?.conversation_sid === conversation_sid ? author.projected_address : null
  return own ?? projectedAddresses(state, conversation_sid)[0] ?? null
}

/** The address of ours by which somebody outside knows a conversation; null where there is none. */
export function ownAddressTowards(state: State, participant: ParticipantRow): string | null {
  if (participant.proxy_address !== null) return participant.proxy_address
  return isGroupMember(participant) ? projectedFor(state, participant.conversation_sid, null) : null
}

/** Everybody whom a member of the group sees, but for these. */
export function othersInGroup(state: State, conversation_sid: string, but: readonly string[]): readonly string[] {
  const members = groupMembers(state, conversation_sid).flatMap(({ address }) => address ?? [])
  const forms = new Set(but.map(nameForm))
  return [...members, ...projectedAddresses(state, conversation_sid)].filter((one) => !forms.has(nameForm(one)))
}

/** All addresses of a group as one text, equal for equal groups; null for a conversation in which no message could go anywhere. */
function partiesOf(state: State, conversation_sid: string): string | null {
  const members = groupMembers(state, conversation_sid).flatMap(({ address }) => address ?? [])
  const ours = projectedAddresses(state, conversation_sid)
  return members.length === 0 || ours.length === 0 ? null : keyOf([...members, ...ours])
}

function keyOf(addresses: readonly string[]): string {
  return [...new Set(addresses.map(nameForm))].sort().join(' ')
}

/** The open conversation of the group of exactly these addresses, in the form in which addresses are compared. */
export function groupOf(state: State, addresses: readonly string[]): ConversationRow | undefined {
  const key = keyOf(addresses)
  for (const address of addresses)
    for (const { conversation_sid } of state.tables.participant.list('group_address', nameForm(address)))
      if (partiesOf(state, conversation_sid) === key) return state.tables.conversation.need(conversation_sid)
  return undefined
}

/** Refuses a group that is too large, or that an open conversation is already (reference conversations 7.4, rules 4 and 7). */
export function checkGroup(state: State, conversation: Pick<ConversationRow, 'sid'>): void {
  const { sid } = conversation
  const members = groupMembers(state, sid)
  const ours = projectedAddresses(state, sid)
  if (members.length === 0) return
  if (members.length + ours.length > maxInGroup)
    refuse('participant.limit', `A group has at most ${maxInGroup} addresses; Conversation ${sid} would have more`)
  const key = partiesOf(state, sid)
  const [first] = members
  if (key === null || first?.address == null) return
  for (const { conversation_sid } of state.tables.participant.list('group_address', nameForm(first.address))) {
    if (conversation_sid !== sid && partiesOf(state, conversation_sid) === key)
      refuse(
        'participant.group_exists',
        `A group with this participant list already exists in Conversation ${conversation_sid}`
      )
  }
}

/** Only who is in a group may write in it, and only where a number of ours is (vendor's pages on 50513 and 50435). */
export function checkSpeaker(state: State, { sid }: ConversationRow, author_sid: string | null, author: string): void {
  if (groupMembers(state, sid).length === 0) return
  if (projectedAddresses(state, sid).length === 0)
    refuse(
      'group.no_number',
      `Conversation ${sid} is a group without a MessagingBinding.ProjectedAddress: nothing can be sent to it`
    )
  const speaker = state.resident('participant', author_sid)
  const isBound = speaker && (speaker.address !== null || (speaker.projected_address ?? null) !== null)
  if (!isBound)
    refuse(
      'group.no_speaker',
      `The Author '${author}' is not among the participants of the group: name an identity, an address or a projected address that is`
    )
}
