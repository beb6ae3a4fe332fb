import { membersOf, unquoted } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { Refusal, type RefusalCode, refuse } from '../core/refusals.ts'
import { serviceOf } from './configuration.ts'
import { addConversation, type CreateConversation } from './conversation.ts'
import { checkGroup } from './group.ts'
import { addOneOf, bindingOf, type ParticipantParams, pairHolder } from './participant.ts'
import type { ConversationRow, ParticipantRow } from './rows.ts'

export interface CreateConversationWithParticipants extends CreateConversation {
  /** Objects in the words of the participant's parameters. */
  readonly participant?: readonly unknown[]
}

const maxParticipants = 10

/** Makes a conversation and all its participants at once, or nothing (reference conversations 9). */
export function createConversationWithParticipants(
  state: State,
  params: CreateConversationWithParticipants
): { conversation: ConversationRow; participants: readonly ParticipantRow[] } {
  const wanted = params.participant ?? []
  if (wanted.length > maxParticipants) {
    refuse(
      'conversation.too_many_participants',
      `${wanted.length} Participants are too many: ${maxParticipants} are possible`
    )
  }
  const roster = wanted.map(participantParams)
  const taken = attempt(() => roster.find((one) => isTaken(state, one)))
  if (taken) refuse('conversation.pairs_in_use', `The pair of ${taken.messaging_binding_address} is already in use`)
  const conversation = addConversation(state, serviceOf(state, params.chat_service_sid), params, params)
  const participants = roster.map((one) => attempt(() => addOneOf(state, conversation, one, params)))
  checkGroup(state, conversation)
  return { conversation: state.tables.conversation.need(conversation.sid), participants }
}

function isTaken(state: State, params: ParticipantParams): boolean {
  const binding = bindingOf(params)
  return binding !== null && pairHolder(state, binding.address, binding.proxy_address) !== undefined
}

/** What is wrong with a value is said with its own number; what else goes wrong with one participant, with the one for all. */
function attempt<T>(one: () => T): T {
  try {
    return one()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (ofValues.includes(error.code)) throw error
    if (error.code === 'participant.pair_bound') refuse('conversation.pairs_in_use', error.message)
    return refuse('conversation.participants_failed', `Participants could not be added: ${error.message}`)
  }
}

const ofValues: readonly RefusalCode[] = ['participant.bad_address', 'participant.bad_proxy_address', 'bad_attributes']

/**
 * Reads `{"messaging_binding": {"address": …}}`, `{"MessagingBinding.Address": …}` and what is between them, given as JSON
 * text or its value. What is no text stays as it was written, attributes among them.
 */
export function participantParams(value: unknown): ParticipantParams {
  const flat: Record<string, string> = {}
  collect(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'), '', flat)
  return flat as ParticipantParams // a subset of its names matter, and all its values are text
}

function collect(text: string, path: string, into: Record<string, string>): void {
  if (text === 'null') return
  const members = path === 'attributes' ? [] : membersOf(text)
  for (const { key, value, end } of members) {
    const snake = String(key)
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toLowerCase()
    if (snake !== '__proto__') collect(text.slice(value, end), path === '' ? snake : `${path}_${snake}`, into)
  }
  if (textual.includes(path) && !(isContainer(text) && path !== 'attributes')) into[path] = unquoted(text)
}

function isContainer(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[')
}

const textual: readonly string[] = [
  'identity',
  'messaging_binding_address',
  'messaging_binding_proxy_address',
  'messaging_binding_projected_address',
  'messaging_binding_name',
  'messaging_binding_level',
  'attributes',
  'role_sid'
] satisfies (keyof ParticipantParams)[]
