import { writerOf } from '@ringdown/contract/situations'
import type { ParticipantInstance } from 'twilio/lib/rest/conversations/v1/conversation/participant.js'
import { fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { type Row, rowOf } from '../results.ts'
import type { Call } from '../tool.ts'

/** The business addresses of this account, for hints: those that have an address configuration. */
async function ourAddresses(call: Call): Promise<readonly string[]> {
  const { addressConfigurations } = call.backend.client.conversations.v1
  return (await addressConfigurations.list({ limit: 20, pageSize: 20 })).map((configuration) => configuration.address)
}

/** "; ours: +15005550006" where the account's addresses can be read, else nothing. */
export async function oursToTell(call: Call): Promise<string> {
  try {
    const ours = await ourAddresses(call)
    return ours.length > 0 ? `; ours: ${ours.join(', ')}` : ''
  } catch {
    // Only a hint inside an error that is being told anyway: without it the error still says what is missing.
    return ''
  }
}

/** A conversation participant as a row: its binding's members stand beside its identity. */
export function participantRow(participant: ParticipantInstance): Row {
  const { messagingBinding, ...row } = rowOf(participant, 'participantSid')
  const binding = objectIn(messagingBinding)
  return {
    ...row,
    messagingBindingAddress: binding.address,
    messagingBindingProxyAddress: binding.proxy_address,
    messagingBindingProjectedAddress: binding.projected_address,
    type: binding.type ?? 'chat'
  }
}

/**
 * Who wrote a message: whoever writes from outside is the customer, a chat guest too. Somebody who has left is told by
 * how they wrote: from an address as a customer, else as an agent; who never was in the conversation is the system.
 */
export function roleOf(
  participant: ParticipantInstance | undefined,
  gone: { readonly participantSid: string | null; readonly author: string | null }
): 'customer' | 'agent' | 'system' {
  const isGuest = () => objectIn(participant?.attributes).member_type === 'guest'
  const member = participant && { isOutside: Boolean(objectIn(participant.messagingBinding).address) || isGuest() }
  return writerOf(member, gone)
}

const durationText = /^P(?=\d|T\d)(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/** Throws Fault where a timer is no ISO 8601 duration of at least so many minutes; PT0S turns a timer off. */
export function timerChecked(argument: string, text: string | undefined, minutes: number): void {
  if (text === undefined) return
  const parts = durationText
    .exec(text)
    ?.slice(1)
    .map((part) => Number(part ?? 0))
  const [days = 0, hours = 0, mins = 0, seconds = 0] = parts ?? []
  const total = ((days * 24 + hours) * 60 + mins) * 60 + seconds
  if (parts && (total === 0 || total >= minutes * 60)) return
  throw fault('bad_value', `${argument} must be an ISO 8601 duration of at least PT${minutes}M`, {
    argument,
    found: text,
    next: `give ${argument} like PT${minutes}M or P1D; PT0S turns it off`
  })
}
