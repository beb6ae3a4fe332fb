import type { State } from '../center.ts'
import { typeOf } from '../conversations/address.ts'
import { isOptedOut, setOptOut } from './address-pair.ts'
import { type Outgoing, queue } from './outbound.ts'

/** What a customer asks for by a message that is one of these words and nothing else (reference messaging 13 and 16). */
const words = {
  STOP: ['stop', 'stopall', 'unsubscribe', 'cancel', 'end', 'quit', 'optout', 'revoke'],
  START: ['start', 'yes', 'unstop'],
  HELP: ['help', 'info']
} as const

export type OptOutType = keyof typeof words

/** The word that a text is; undefined for any other text. */
export function optOutWordIn(text: string): OptOutType | undefined {
  const word = text.trim().toLowerCase()
  if (words.STOP.some((one) => one === word)) return 'STOP'
  if (words.START.some((one) => one === word)) return 'START'
  return words.HELP.some((one) => one === word) ? 'HELP' : undefined
}

/** Who has written to whom, and the messaging service that the address of ours belongs to. */
export interface Written {
  readonly customer: string
  readonly own: string
  readonly messaging_service_sid: string | null
  readonly text: string
}

/**
 * On SMS, does what a word asks for, between the customer and that address of ours, or all of its messaging service. Answers
 * the word, where it means something: who has not opted out says `yes` to something else.
 */
export function obeyOptOut(state: State, written: Written): OptOutType | undefined {
  const { customer, own, messaging_service_sid: service, text } = written
  if (typeOf(customer) !== 'sms') return undefined
  const word = optOutWordIn(text)
  const isOut = isOptedOut(state, [own, service], customer)
  if (word === undefined || (word === 'START' && !isOut)) return undefined
  const set = (out: boolean) => {
    for (const sender of [own, service]) if (sender !== null) setOptOut(state, sender, customer, out)
  }
  if (word === 'START') set(false)
  // The last message that the customer gets says that it is the last one.
  if (!(word === 'STOP' && isOut)) confirm(state, written, word)
  if (word === 'STOP') set(true)
  return word
}

/** What is answered to each word, in the name of a messaging service; an address by itself answers nothing (reference messaging 13). */
const answers: Readonly<Record<OptOutType, string>> = {
  STOP: 'You will get no more messages from us here. Answer START to get them again.',
  START: 'You get messages from us here again. Answer STOP to end them, HELP for help.',
  HELP: 'Answer STOP to get no more messages from us here.'
}

function confirm(state: State, { customer, own, messaging_service_sid }: Written, word: OptOutType): void {
  if (messaging_service_sid === null) return
  const outgoing = {
    ...{ to: customer, from: own, body: answers[word], media: [], direction: 'outbound-reply', messaging_service_sid },
    ...{ application_sid: null, status_callback: null, content_sid: null, content_variables: null },
    ...{ content_retention: 'retain', address_retention: 'retain', validity_period: null }
  } as const satisfies Outgoing
  queue(state, outgoing, own)
}
