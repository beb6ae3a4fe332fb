import { isJsonObject } from '@ringdown/contract/json-text'
import { serviceOf } from '../conversations/configuration.ts'
import { addConversation } from '../conversations/conversation.ts'
import { checkGroup } from '../conversations/group.ts'
import { editable } from '../conversations/lookup.ts'
import { consequence } from '../conversations/origin.ts'
import { addOneOf, type ParticipantParams } from '../conversations/participant.ts'
import { conversationReads, userReads } from '../conversations/reads.ts'
import type { ConversationRow } from '../conversations/rows.ts'
import { createScopedWebhook } from '../conversations/webhook.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { Refusal, refuse } from '../core/refusals.ts'
import { type Act, type Done, outputOf } from './acting.ts'
import { fieldsIn, listIn, textIn } from './definition.ts'
import { codes, WidgetFailure } from './rendering.ts'

/** Begins a conversation with a contact, in which the flow goes on (reference studio 4.22). */
export function startConversation(act: Act): Done {
  const { state, execution, properties } = act
  if (execution.trigger_event !== 'incomingRequest')
    throw new WidgetFailure(codes.value, 'only a flow that was started over REST starts a conversation')
  if (execution.conversation_sid !== null)
    throw new WidgetFailure(codes.value, 'the execution has a conversation already')
  const roster = rosterOf(act)
  const proxy = roster.find(({ messaging_binding_proxy_address }) => messaging_binding_proxy_address)
  const closes_conversation = properties.raw('close_conversation_on_execution_end') === true
  const made = state.attempt(() => {
    const conversation = addConversation(state, serviceOf(state, serviceSidOf(act)), paramsOf(act), consequence)
    for (const one of roster) addOneOf(state, conversation, one, consequence)
    checkGroup(state, conversation)
    listen(act, conversation, ['onMessageAdded'])
    return conversation
  })
  if (made instanceof Refusal) throw new WidgetFailure(codes.value, made.message)
  state.change('execution', execution.sid, { conversation_sid: made.sid, closes_conversation })
  return {
    event: 'created',
    changes: [
      outputOf(act, { ConversationSid: made.sid, ChatServiceSid: made.chat_service_sid, State: made.state }),
      [
        ['flow', 'channel'],
        {
          address: proxy?.messaging_binding_proxy_address ?? execution.flow_channel_address,
          sid: made.sid,
          service_sid: made.chat_service_sid,
          status: 'active'
        }
      ]
    ]
  }
}

export function startConversationReads(act: Act): readonly Read[] {
  const { state } = act
  const service = serviceSidOf(act)
  return rosterOf(act).flatMap(({ identity }) => userReads(state, identity, service))
}

/** Goes on in a conversation that is there (reference studio 4.22). */
export function resumeConversation(act: Act): Done {
  const { state, execution, properties } = act
  const name = properties.text('conversation_sid')
  const filters = listIn(properties.raw('webhook_filters')).flatMap((one) => textIn(one) ?? [])
  const found = state.attempt(() => {
    const conversation = editable(state, name || refuse('invalid', 'conversation_sid is missing'), {})
    listen(act, conversation, filters.length > 0 ? filters : ['onMessageAdded'])
    return conversation
  })
  if (found instanceof Refusal) throw new WidgetFailure(codes.value, found.message)
  state.change('execution', execution.sid, { conversation_sid: found.sid })
  return {
    event: 'resumed',
    changes: [
      outputOf(act, { ConversationSid: found.sid, ChatServiceSid: found.chat_service_sid, State: found.state }),
      [['flow', 'channel', 'sid'], found.sid],
      [['flow', 'channel', 'status'], 'active']
    ]
  }
}

export function resumeConversationReads({ state, properties }: Act): readonly Read[] {
  const name = properties.text('conversation_sid')
  return name === '' ? [] : conversationReads(state, name, {})
}

/** What is said in the conversation leads this flow on. */
function listen({ state, execution }: Act, { sid }: ConversationRow, filters: readonly string[]): void {
  const known = [...state.tables.conversation_scoped_webhook.by('conversation_sid', sid)]
  if (known.some((one) => one.configuration_flow_sid === execution.flow_sid)) return
  createScopedWebhook(state, {
    conversation_sid: sid,
    target: 'studio',
    configuration_flow_sid: execution.flow_sid,
    configuration_filters: filters
  })
}

function serviceSidOf({ properties }: Act): string {
  return properties.text('conversation_service_sid')
}

function paramsOf({ properties }: Act) {
  const optional = (name: string) => properties.text(name).trim() || undefined
  const [friendly_name, timers_inactive, timers_closed] = ['friendly_name', 'timers_inactive', 'timers_closed'].map(
    optional
  )
  return {
    attributes: properties.object('attributes').text,
    ...(friendly_name !== undefined && { friendly_name }),
    ...(timers_inactive !== undefined && { timers_inactive }),
    ...(timers_closed !== undefined && { timers_closed })
  }
}

/** Whom the widget names: a list, or the JSON text of one. */
function rosterOf({ properties }: Act): readonly ParticipantParams[] {
  const given = properties.raw('participants')
  const list = typeof given === 'string' ? valueIn(properties.text('participants')) : given
  if (!Array.isArray(list)) throw new WidgetFailure(codes.value, 'participants is no list')
  return list.map((one) => {
    if (!isJsonObject(one)) throw new WidgetFailure(codes.value, 'participants must be objects')
    const text = (name: string) => properties.render(textIn(fieldsIn(one)[name]) ?? '', `participants.${name}`)
    const identity = text('identity')
    const messaging_binding_projected_address = text('messaging_binding_projected_address')
    if (identity !== '' || messaging_binding_projected_address !== '')
      return { identity, messaging_binding_projected_address }
    return {
      messaging_binding_address: text('messaging_binding_address'),
      messaging_binding_proxy_address: text('messaging_binding_proxy_address')
    }
  })
}
