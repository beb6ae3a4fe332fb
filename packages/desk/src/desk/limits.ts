import { objectIn } from '../live/rows.ts'

/** Why a file may not be sent. */
export type Refusal =
  | { readonly is: 'size' | 'count'; readonly limit: number }
  | { readonly is: 'type'; readonly allowed: readonly string[] }

const usual = { max_file_size: 16_777_216, number_of_attachments: 10, accepted: [] as readonly string[] }

/** What the configuration says of attachments on a channel; undefined where they are not for it. */
export function attachmentsOf(
  configs: readonly unknown[],
  channel: string
): Readonly<Record<string, unknown>> | undefined {
  const config = configs.map((one) => objectIn(one)).find(({ address_type }) => address_type === channel)
  const limits = objectIn(config?.cbm_attachments)
  return limits.enabled === false ? undefined : limits
}

/** Why a file may not be sent, by the limits of its channel (reference flex 17); the server checks again. */
export function refusalOf(
  file: Pick<File, 'name' | 'size'>,
  held: number,
  limits: Readonly<Record<string, unknown>>
): Refusal | undefined {
  const size = numberOf(limits.max_file_size) ?? usual.max_file_size
  const count = numberOf(limits.number_of_attachments) ?? usual.number_of_attachments
  const named: unknown = limits.accepted_extensions
  const allowed = Array.isArray(named)
    ? named.map((one) =>
        String(objectIn(one).name ?? one)
          .replace(/^\./, '')
          .toLowerCase()
      )
    : usual.accepted
  if (file.size > size) return { is: 'size', limit: size }
  if (held >= count) return { is: 'count', limit: count }
  const extension = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? ''
  return allowed.length > 0 && !allowed.includes(extension) ? { is: 'type', allowed } : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined
}

/** The alphabet of GSM 03.38; what is in its second table counts twice. */
const gsm = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/

/** How a text is cut into SMS: characters used, room until the next segment, segments, and the sign that halves the room. */
export function smsSize(text: string): {
  readonly used: number
  readonly room: number
  readonly segments: number
  readonly odd: string | undefined
} {
  const isGsm = gsm.test(text)
  const used = isGsm ? text.length + (text.match(/[\^{}\\[~\]|€]/g)?.length ?? 0) : text.length
  const [one, more] = isGsm ? [160, 153] : [70, 67]
  const segments = used <= one ? 1 : Math.ceil(used / more)
  const odd = isGsm ? undefined : [...text].find((sign) => !gsm.test(sign))
  return { used, room: segments === 1 ? one : segments * more, segments, odd }
}
