import { InvalidRequest, parseRequest } from '@ringdown/contract/form'
import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import { holdsObject, membersOf, unquoted } from '@ringdown/contract/json-text'
import type { Operation } from '@ringdown/contract/operation'
import { type Command, type CommandOf, type CommandType, readsOf } from '@ringdown/engine/commands'
import type { Inbound } from '@ringdown/engine/conversations/inbound'
import { reachesWebhooks } from '@ringdown/engine/conversations/origin'
import type { ConfigurationWebhookRow, ServiceWebhookConfigurationRow } from '@ringdown/engine/conversations/rows'
import type { RenderedEvent } from '@ringdown/engine/core/events'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { Kind } from '@ringdown/engine/kinds'
import { type Lent, rehearse } from '@ringdown/engine/rehearsal'
import type { Outcome } from '../../delivery/delivery.ts'
import { parametersOf, webhookEventOf } from '../../delivery/receivers/conversation-parameters.ts'
import type { Context } from '../handler.ts'
import { checkChanges } from './rates.ts'

/** Commands about which the account and the service may want to be asked (reference conversations 17.1). */
const hookedTypes = [
  'conversation.create',
  'conversation.create_with_participants',
  'conversation.update',
  'conversation.delete',
  'conversation.receive',
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

/** What it takes to ask somebody about a command. */
type Asking = Pick<Context, 'state' | 'ledger' | 'ask' | 'now'>

/** All the time that one question has (reference conversations 17.3). */
const timeout_ms = 5_000

/**
 * A command as those agree to it who want to be asked: first the account's pre-webhook, then the service's. They are asked
 * only about what could be done, while the account goes on; what they change is part of the command, so that nobody has to
 * be asked when it is decided again. Refuses with 403 where one of them does.
 */
export async function agreed(context: Context, command: Command): Promise<Command> {
  checkChanges(context, command)
  return isHooked(command) ? answered(context, command) : command
}

/**
 * Asks about a message from outside before it is taken in: about the conversation that it would make, else about the
 * message (reference conversations 12.2, step 3a, and 17.5). Resolves with the message as `receiveInbound` is to be given
 * it, or undefined where it was rejected: then it is dropped, and its sender is told nothing. An answer that cannot be used
 * changes nothing, since what a customer wrote must not be lost for it.
 */
export async function agreedInbound(context: Asking, inbound: Inbound): Promise<Inbound | undefined> {
  try {
    const { type: _, ...agreed } = await answered(context, { type: 'conversation.receive', ...inbound })
    return agreed as Inbound // of the same type of command
  } catch (error) {
    if (error instanceof InvalidRequest) return error.code === rejected.code ? undefined : inbound
    // What cannot be taken in at all is refused by the command itself.
    if (error instanceof Refusal) return inbound
    throw error
  }
}

const rejected = { code: 20403, status: 403 } as const

async function answered(context: Asking, first: HookedCommand): Promise<HookedCommand> {
  if (!isFromOutside(first) && !reachesWebhooks(first)) return first
  let command = first
  for (const whose of ['account', 'service'] as const) {
    if (!mayBeAsked(context, whose)) continue
    // What the first has changed is what the second is asked about.
    for (const event of askedAbout(command, await eventsOf(context, command))) {
      const webhook = webhookOf(context, whose, event)
      const webhookEvent = webhookEventOf(event.type)?.before
      if (!webhook?.pre_webhook_url || !webhookEvent || !webhook.filters?.includes(webhookEvent.event)) continue
      const parameters = parametersOf(webhookEvent, parameterSource(command, event), context.state.account_sid)
      const outcome = await context.ask(
        { method: webhook.method, url: webhook.pre_webhook_url, parameters: [...parameters, ['RetryCount', '0']] },
        { timeout_ms }
      )
      command = { ...command, ...told(command, changesIn(outcome, event, whose)) }
    }
  }
  return command
}

/** A body in the place of a template's is said to be one: else the template would be rendered again. */
function told(command: HookedCommand, changes: { readonly body?: string }): object {
  const isTemplate = command.type === 'message.create' && Boolean(command.content_sid)
  return isTemplate && changes.body !== undefined ? { ...changes, template_body: changes.body } : changes
}

function isFromOutside({ type }: HookedCommand): boolean {
  return type === 'conversation.receive'
}

/** Of a conversation that a message makes nobody is asked about its participant and that message (reference conversations 12.2, step 3e). */
function askedAbout(command: HookedCommand, events: readonly RenderedEvent[]): readonly RenderedEvent[] {
  const made = isFromOutside(command) && events.find(({ type }) => type === 'conversation.added')
  return made ? [made] : events
}

/** Whether it is worth finding out what is to be asked. */
function mayBeAsked({ state }: Asking, whose: 'account' | 'service'): boolean {
  return whose === 'account'
    ? Boolean(state.find('configuration_webhook', state.account_sid)?.pre_webhook_url)
    : state.tables.service_webhook_configuration.size > 0
}

/** The events that the command would emit, once all that they show is durable; its refusal as well. */
async function eventsOf(context: Asking, command: HookedCommand): Promise<readonly RenderedEvent[]> {
  const lent = await lentFor(context, command)
  try {
    // Nothing may be awaited in between: what was in memory when it was looked for could have left it.
    return rehearse(context.state, { at: context.now(), command: command as CommandOf<HookedType>, lent }) // of whichever of these types
  } finally {
    await context.ledger.settled()
  }
}

/** Cold rows that the command needs, until memory and they together are all. */
async function lentFor(context: Asking, command: HookedCommand): Promise<readonly Lent[]> {
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
  { state }: Asking,
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
function changesIn(
  outcome: Outcome,
  { type }: RenderedEvent,
  whose: 'account' | 'service'
): { readonly body?: string } {
  if ('failed' in outcome) {
    // Whoever cannot be reached has no objection; whoever says too much has said something that cannot be.
    // Whose address may not be dialed would never be asked: that must not look like consent.
    if (outcome.failed === 'address_refused')
      throw new InvalidRequest(`The pre-webhook of the ${whose} cannot be asked: ${outcome.reason}`)
    if (outcome.failed !== 'too_large') return {}
    throw new InvalidRequest(`The pre-webhook of the ${whose} gave an invalid answer: ${outcome.reason}`)
  }
  if (outcome.status >= 400) {
    throw new InvalidRequest(`The change was rejected by the pre-webhook of the ${whose}`, null, rejected)
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
function read(operation: Operation, answer: ReadonlyMap<string, string>): { readonly body?: string } {
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
