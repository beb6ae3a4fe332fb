import type { CarrierContext } from './carrier.ts'
import { CarrierSettings } from './settings.ts'
import type { DefaultAlphabet } from './smpp-text.ts'

export interface SmppSettings {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly system_id: string
  readonly password: string
  readonly system_type: string
  readonly address_range: string
  /** Messages that wait for an answer at once, and that are sent in a second. */
  readonly window: number
  readonly per_second: number
  readonly enquire_ms: number
  readonly response_ms: number
  /** How long before a bind a text may have come that is delivered again by it; 0 for never. */
  readonly redelivery_ms: number
  readonly alphabet: DefaultAlphabet
  /** Answers name messages in hexadecimal and receipts in decimal. */
  readonly hasHexadecimalIds: boolean
}

type Configured = Pick<CarrierContext, 'secrets'> & { readonly carrier: { readonly configuration: string } | undefined }

/** What an SMPP carrier is configured to. Throws a sentence about what is wrong. */
export function smppSettings({ carrier, secrets }: Configured): SmppSettings {
  if (!carrier) throw new Error('invariant: SMPP has a carrier')
  const settings = new CarrierSettings(carrier)
  const tls = settings.flag('tls', false)
  return {
    host: settings.needed('host'),
    port: settings.number('port', { usual: tls ? 3550 : 2775, min: 1, max: 65_535 }),
    tls,
    system_id: atMost('system_id', settings.needed('system_id'), 15),
    password: atMost('password', secrets.password ?? '', 8),
    system_type: atMost('system_type', settings.text('system_type') ?? '', 12),
    address_range: atMost('address_range', settings.text('address_range') ?? '', 40),
    window: settings.number('window', { usual: 10, min: 1, max: 100 }),
    per_second: settings.number('per_second', { usual: 10, min: 1, max: 1000 }),
    enquire_ms: settings.number('enquire_s', { usual: 30, min: 1, max: 600 }) * 1000,
    response_ms: settings.number('response_s', { usual: 10, min: 1, max: 25 }) * 1000,
    redelivery_ms: settings.number('redelivery_s', { usual: 300, min: 0, max: 86_400 }) * 1000,
    alphabet: settings.oneOf('alphabet', ['gsm', 'latin1'], 'gsm'),
    hasHexadecimalIds: settings.oneOf('message_ids', ['same', 'hexadecimal'], 'same') === 'hexadecimal'
  }
}

function atMost(name: string, text: string, maxLength: number): string {
  if (Buffer.byteLength(text) > maxLength) throw new Error(`${name} has more than ${maxLength} characters`)
  return text
}
