import { refuse } from '../core/refusals.ts'
import { maxMediaSize } from './media.ts'

const mib = 1024 * 1024

/** What a channel carries in one message (reference conversations 8.6). */
export interface ChannelLimit {
  /** Bytes of one file. */
  readonly size: number
  readonly count: number
  /** Beginnings of the types that get through; undefined where all do. */
  readonly types?: readonly string[]
}

/** By the type of a binding. */
export const mediaLimits = {
  chat: { size: maxMediaSize, count: 10 },
  sms: {
    size: 5 * mib,
    count: 10,
    types: ['image/jpeg', 'image/png', 'image/gif', 'audio/', 'video/', 'application/pdf']
  },
  whatsapp: { size: 16 * mib, count: 1 }
} as const satisfies Record<string, ChannelLimit>

/** Bytes of one file that a customer sends: networks take more of them than of us (reference messaging 11). */
export const inboundLimits = { whatsapp: 100 * mib, others: 25 * mib } as const

/** Refuses with 400 a type that a channel does not carry. */
export function checkCarried(channel: keyof typeof mediaLimits, content_type: string): void {
  const { types }: ChannelLimit = mediaLimits[channel]
  if (types && !types.some((type) => content_type.startsWith(type)))
    refuse('invalid', `A file of the type ${content_type} is not carried by ${channel}`)
}
