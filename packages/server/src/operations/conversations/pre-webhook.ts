import { InvalidRequest, parseRequest } from '@ringdown/contract/form'
import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import { holdsObject, membersOf, unquoted } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import { type Command, type CommandOf, type CommandType, readsOf } from '@ringdown/engine/commands'
import { reachesWebhooks } from '@ringdown/engine/conversations/origin'
import type { ConfigurationWebhookRow, ServiceWebhookConfigurationRow } from '@ringdown/engine/conversations/rows'
import type { RenderedEvent } from '@ringdown/engine/core/events'
import { isKeyOf } from '@ringdown/engine/core/keys'
import type { Kind } from '@ringdown/engine/kinds'
import { type Lent, rehearse } from '@ringdown/engine/rehearsal'
import type { Outcome } from '../../delivery/delivery.ts'
import { parametersOf, tellingOf } from '../../delivery/receivers/conversation-parameters.ts'
import type { Context } from '../handler.ts'

/** Commands about which the account and the service may want to be asked (reference conversations 17.1). */
const hookedTypes = [
  'conversation.create',
  'conversation.create_with_participants',
  'conversation.update',
  'conversation.delete',
  'participant.create',
  'participant.update',
  'participant.delete',
  'message.create',
  'message.update',
  'message.delete',
  'user.update'
] as const satisfies CommandType[]

type HookedType = (typeof hookedTypes)[number]
type HookedCommand = { [T in HookedType]: CommandOf<T> }[HookedType]

const hooked: ReadonlySet<string> = new Set(hookedTypes)

function isHooked(command: Command): command is HookedCommand {
  return hooked.has(command.type)
}

/** All the time that one question has (reference conversations 17.3). */
const timeout_ms = 5_000

/**
 * A command as those agree to it who want to be asked: first the account's pre-webhook, then the service's. They are asked
 * only about what could be done, while the account goes on; what they change is part of the command, so that nobody has to
 * be asked when it is decided again. Refuses with 403 where one of them does.
 */
export async function agreed(context: Context, command: Command): Promise<Command> {
  return isHooked(command) ? answered(context, command) : command
}

async function answered(context: Context, first: HookedCommand): Promise<HookedCommand> {
  if (!reachesWebhooks(first)) return first
  let command = first
  for (const whose of ['account', 'service'] as const) {
    if (!mayBeAsked(context, whose)) continue
    // What the first has changed is what the second is asked about.
    for (const event of await eventsOf(context, command)) {
      const webhook = webhookOf(context, whose, event)
      const telling = tellingOf(event.type)?.before
      if (!webhook?.pre_webhook_url || !telling || !webhook.filters?.includes(telling.event)) continue
      const parameters = parametersOf(telling, parameterSource(command, event), context.state.account_sid)
      const outcome = await context.ask(
        { method: webhook.method, url: webhook.pre_webhook_url, parameters: [...parameters, ['RetryCount', '0']] },
        { timeout_ms }
      )
      command = { ...command, ...changesIn(outcome, event, whose) }
    }
  }
  return command
}

/** Whether it is worth finding out what is to be asked. */
function mayBeAsked({ state }: Context, whose: 'account' | 'service'): boolean {
  return whose === 'account'
    ? Boolean(state.find('configuration_webhook', state.account_sid)?.pre_webhook_url)
    : state.tables.service_webhook_configuration.size > 0
}

/** The events that the command would emit, once all that they show is durable; its refusal as well. */
async function eventsOf(context: Context, command: HookedCommand): Promise<readonly RenderedEvent[]> {
  const lent = await lentFor(context, command)
  try {
    // Nothing may be awaited in between: what was in memory when it was looked for could have left it.
    return rehearse(context.state, { at: context.now(), command: command as CommandOf<HookedType>, lent }) // of whichever of these types
  } finally {
    await context.ledger.settled()
  }
}

/** Cold rows that the command needs, until memory and they together are all. */
async function lentFor(context: Context, command: HookedCommand): Promise<readonly Lent[]> {
  const lent = new Map<string, readonly Lent[]>()
  for (;;) {
    const reads = readsOf(command, context.state)
    const missing = reads.filter((read) => !lent.has(JSON.stringify(read)))
    if (missing.length === 0) return [...lent.values()].flat()
    await Promise.all(
      missing.map(async (read) => {
        const kind = read.kind as Kind // reads name kinds
        const rows = await context.ledger.find(kind, read.where)
        lent.set(
          JSON.stringify(read),
          rows.map((row) => ({ kind, row }))
        )
      })
    )
  }
}

function webhookOf(
  { state }: Context,
  whose: 'account' | 'service',
  { data }: RenderedEvent
): ConfigurationWebhookRow | ServiceWebhookConfigurationRow | undefined {
  if (whose === 'account') return state.find('configuration_webhook', state.account_sid)
  return state.find('service_webhook_configuration', String(data.chat_service_sid))
}

/** A conversation that is made together with its participants has no SID before it is there. */
function parameterSource(command: { readonly type: string }, { data }: RenderedEvent): RenderedEvent['data'] {
  return command.type === 'conversation.create_with_participants' ? { ...data, conversation_sid: null } : data
}

// Answers (reference conversations 17.5)

/** What an answer makes of the command's parameters; refuses where it refuses, or says what cannot be. */
function changesIn(outcome: Outcome, { type }: RenderedEvent, whose: 'account' | 'service'): object {
  if ('failed' in outcome) {
    // Whoever cannot be reached has no objection; whoever says too much has said something that cannot be.
    // Whose address may not be dialed would never be asked: that must not look like consent.
    if (outcome.failed === 'address_refused')
      throw new InvalidRequest(`The pre-webhook of the ${whose} cannot be asked: ${outcome.reason}`)
    if (outcome.failed !== 'too_large') return {}
    throw new InvalidRequest(`The pre-webhook of the ${whose} gave an invalid answer: ${outcome.reason}`)
  }
  if (outcome.status >= 400) {
    throw new InvalidRequest(`The change was rejected by the pre-webhook of the ${whose}`, null, {
      code: 20403,
      status: 403
    })
  }
  const operation = isKeyOf(changeable, type) ? changeable[type] : undefined
  if (operation === undefined || outcome.status !== 200) return {}
  try {
    return read(operation, answerOf(outcome.body))
  } catch (error) {
    if (!(error instanceof InvalidRequest)) throw error
    const { code, status, message } = error
    throw new InvalidRequest(`The pre-webhook of the ${whose} gave an invalid answer: ${message}`, null, {
      code,
      status
    })
  }
}

/** What may be changed about an event, as parameters of an operation that knows them. */
const changeable = {
  'conversation.added': parametersIn('conversations_v1.UpdateConversation', ['friendly_name']),
  'conversation.updated': parametersIn('conversations_v1.UpdateConversation', ['friendly_name']),
  'message.added': parametersIn('conversations_v1.UpdateConversationMessage', ['body', 'author', 'attributes']),
  'message.updated': parametersIn('conversations_v1.UpdateConversationMessage', ['body', 'author', 'attributes'])
} as const

function parametersIn(id: OperationId, names: readonly string[]): Operation {
  const operation = operations.find((one) => one.id === id)
  if (!operation) throw new Error(`invariant: ${id} is the id of an operation`)
  return { ...operation, parameters: operation.parameters.filter(({ name }) => names.includes(name)) }
}

/** The texts of a JSON object's members, whatever type the answer says it has; text that is none says nothing. */
function answerOf(body: string): ReadonlyMap<string, string> {
  try {
    JSON.parse(body)
  } catch {
    return new Map()
  }
  const members = holdsObject(body) ? membersOf(body) : []
  return new Map(members.map(({ key, value, end }) => [String(key), body.slice(value, end)]))
}

/** Reads an answer by the contract, as if the caller had said it. Attributes may be an object, or its text. */
function read(operation: Operation, answer: ReadonlyMap<string, string>): object {
  const form = new URLSearchParams()
  for (const { name, wire, type } of operation.parameters) {
    const value = answer.get(name)
    if (value === undefined || value === 'null') continue
    if (!value.startsWith('"') && type !== 'json-text') throw new InvalidRequest(`${name} is no text`, wire)
    form.append(wire, unquoted(value))
  }
  const request = { path: {}, query: '', body: form.toString(), contentType: undefined, headers: {} }
  return parseRequest(operation, request).params
}
