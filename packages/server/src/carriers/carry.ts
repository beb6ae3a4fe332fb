import type { CarrierRow, Giving } from '@ringdown/engine/messaging/rows'
import type { Sealing } from '../access/sealing.ts'
import { Unavailable } from '../commit/ledger.ts'
import type { CarrierContext, Carriers, OutboundMessage, SendOutcome } from './carrier.ts'
import type { Connections } from './connections.ts'
import { emailCarrier } from './email.ts'
import { instagramCarrier, messengerCarrier } from './messenger.ts'
import { smppCarrier } from './smpp.ts'
import { twilioCarrier } from './twilio.ts'
import { virtualCarrier } from './virtual.ts'
import { whatsappCloudCarrier } from './whatsapp-cloud.ts'

/** Every carrier that there is. */
export const carriers: Carriers = {
  virtual: virtualCarrier,
  twilio: twilioCarrier,
  whatsapp_cloud: whatsappCloudCarrier,
  messenger: messengerCarrier,
  instagram: instagramCarrier,
  email: emailCarrier,
  smpp: smppCarrier
}

/** Gives the messages of an account to its carriers. */
export type Carry = (message_sid: string, signal: AbortSignal) => Promise<SendOutcome>

/** What carriers' secrets are bound to when they are sealed. */
export function secretsOf(account_sid: string): string {
  return `${account_sid}/carriers`
}

/** The secrets of a carrier, opened; none where it has none. Throws when they were sealed with another key. */
export function openedSecrets(
  sealing: Sealing,
  account_sid: string,
  { sid, sealed_secrets }: CarrierRow
): Readonly<Record<string, string>> {
  if (sealed_secrets === null) return {}
  const text = sealing.open(sealed_secrets, secretsOf(account_sid))
  if (text === undefined)
    throw new Error(`the secrets of carrier ${sid} do not open: they were sealed with another key`)
  return JSON.parse(text) // as they were sealed
}

/** What carriers work with beside one message. */
export type CarrierGround = Omit<CarrierContext, 'carrier' | 'secrets' | 'signal' | 'connection' | 'since'> & {
  readonly sealing: Sealing
}

/** Gives messages to the carriers of an account. What is not under way any more is not given. */
export function carrying(
  { sealing, ...ground }: CarrierGround,
  connections?: Pick<Connections, 'of'>,
  all: Carriers = carriers
): Carry {
  const { ledger } = ground
  const since = ground.now()
  const give = async (message: Queued, carrier: CarrierRow | undefined, signal: AbortSignal): Promise<SendOutcome> => {
    try {
      const secrets = carrier ? openedSecrets(sealing, ledger.account_sid, carrier) : {}
      const connection = carrier && connections?.of(carrier.sid)
      const context = { ...ground, since, carrier, secrets, signal, connection }
      return await all[carrier?.carrier_type ?? 'virtual'].send(outboundOf(message, ledger.state.at), context)
    } catch (error) {
      if (error instanceof Unavailable) return { away: error.message }
      return { away: error instanceof Error ? error.message : String(error) }
    }
  }
  /** Where a network is to fetch a file, it may as well do so where the message says, unless this server can be found. */
  const keepFiles = async (message: Queued, carrier: CarrierRow | undefined, signal: AbortSignal): Promise<void> => {
    const isFetched = carrier !== undefined && !['virtual', 'whatsapp_cloud', 'email'].includes(carrier.carrier_type)
    if (isFetched && ground.public_url === undefined) return
    if (message.media.some(({ url }) => url !== null)) await ground.files?.keep(message, signal)
  }
  return async (message_sid, signal) => {
    const { state } = ledger
    const message = state.resident('channel_message', message_sid)
    if (message?.status !== 'queued' || message.from === null)
      return { error_code: 30008, error_message: `Message ${message_sid} is not under way any more` }
    const carrier = state.find('carrier', message.carrier_sid)
    if (!carrier && message.carrier_sid?.startsWith('XC'))
      return { error_code: 30008, error_message: 'The carrier of this message has been removed', trouble: true }
    await keepFiles(message, carrier, signal)
    const outcome = await give(state.resident('channel_message', message_sid) ?? message, carrier, signal)
    if (carrier && 'away' in outcome && !signal.aborted) await noteTrouble(ledger, carrier.sid, outcome.away)
    return outcome
  }
}

/** Keeps with the carrier why messages wait, where that is not known already. */
async function noteTrouble(ledger: CarrierContext['ledger'], sid: string, away: string): Promise<void> {
  const error = away.slice(0, maxError)
  const carrier = ledger.state.find('carrier', sid)
  if (!carrier || carrier.state === 'disabled' || (carrier.state === 'failing' && carrier.last_error === error)) return
  await ledger.execute({ type: 'carrier.note_trouble', sid, error })
}

/** Characters of what is kept of an error. */
export const maxError = 300

type Queued = Pick<OutboundMessage, 'sid' | 'to' | 'body' | 'media' | 'content_sid' | 'content_variables' | 'told'> & {
  readonly from: string | null
  readonly date_due: number | null
  readonly giving?: Giving | null
}

function outboundOf(message: Queued, now: number): OutboundMessage {
  const { sid, from, to, body, media, content_sid, content_variables, told, date_due, giving = null } = message
  return {
    ...{ sid, to, body, media, content_sid, content_variables, told, giving },
    from: from ?? '',
    valid_ms: date_due === null ? null : Math.max(0, date_due - now)
  }
}
