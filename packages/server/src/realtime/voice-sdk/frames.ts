/*
 * The frames of the voice SDK's sockets (reference voice 13): objects with a type and a payload, in text.
 */

/** The version of the protocol that released SDKs of 2.x speak. */
const version = '1.6'

/** What a device says. */
export interface SdkFrame {
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Reads a frame; undefined for a heartbeat, and for what is none. */
export function readSdkFrame(text: string): SdkFrame | undefined {
  if (!text.startsWith('{')) return undefined
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(read) || typeof read.type !== 'string') return undefined
  return { type: read.type, payload: isRecord(read.payload) ? read.payload : {} }
}

export function sdkFrame(type: string, payload: object): string {
  return JSON.stringify({ type, payload, version })
}

/** A text of a payload, no longer than `longest`; undefined where there is none. */
export function textIn(payload: SdkFrame['payload'], name: string, longest = 200): string | undefined {
  const value = payload[name]
  return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Errors that the SDK knows by their numbers. */
export const sdkErrors = {
  general: { code: 31_000, message: 'General error' },
  connection: { code: 31_005, message: 'Connection error' },
  credentials: { code: 31_201, message: 'Authentication failed' },
  token: { code: 31_204, message: 'Access token is invalid' },
  expired: { code: 31_205, message: 'Access token is expired' },
  busy: { code: 31_486, message: 'Busy here' },
  declined: { code: 31_603, message: 'Decline' }
} as const
