import smpp from 'smpp'

/*
 * Texts in SMS (reference messaging 20): the alphabet of GSM 03.38, an octet a septet, or UCS-2; in parts of 153 septets or 67
 * units where it is too long for one.
 */

/** A part as it is submitted. */
export interface TextPart {
  readonly data_coding: number
  /** In front of the text where there are several. */
  readonly udh: Buffer | undefined
  readonly message: Buffer
}

const escapeOctet = 0x1b

/** How a default alphabet is called that a center has in the place of GSM 03.38. */
export type DefaultAlphabet = 'gsm' | 'latin1'

/** A text in parts; `reference` is what they have in common. */
export function partsOf(text: string, reference: number, alphabet: DefaultAlphabet = 'gsm'): readonly TextPart[] {
  const plain = plainBytes(text, alphabet)
  const data_coding = plain ? 0 : 8
  const bytes = plain ?? Buffer.from(text, 'utf16le').swap16()
  const [single, several] = plain ? [160, 153] : [140, 134]
  if (bytes.length <= single) return [{ data_coding, udh: undefined, message: bytes }]
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = wholeEnd(bytes, at, Math.min(at + several, bytes.length), plain !== undefined)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces.map((message, n) => ({
    data_coding,
    udh: Buffer.from([5, 0, 3, reference & 0xff, pieces.length, n + 1]),
    message
  }))
}

/** In the center's default alphabet; undefined where a character is not in it. */
function plainBytes(text: string, alphabet: DefaultAlphabet): Buffer | undefined {
  const { encode, decode } = alphabet === 'gsm' ? smpp.encodings.ASCII : smpp.encodings.LATIN1
  const bytes = Buffer.from(encode(text))
  return decode(bytes) === text ? bytes : undefined
}

/** The end of a piece that splits neither an escaped character nor a pair of units. */
function wholeEnd(bytes: Buffer, at: number, end: number, isPlain: boolean): number {
  if (end === bytes.length) return end
  if (isPlain) return bytes[end - 1] === escapeOctet ? end - 1 : end
  const unit = bytes.readUInt16BE(end - 2)
  return unit >= 0xd800 && unit < 0xdc00 && end - 2 > at ? end - 2 : end
}

/** Which part of a message something is. */
export interface PartPlace {
  readonly reference: number
  readonly total: number
  readonly number: number
}

/** The place that a message's header of user data says; undefined where it says none. */
export function partPlaceIn(udh: readonly Buffer[] | undefined): PartPlace | undefined {
  for (const element of udh ?? []) {
    const [id, length] = element
    if (id === 0 && length === 3 && element.length >= 5)
      return { reference: element[2] ?? 0, total: element[3] ?? 0, number: element[4] ?? 0 }
    if (id === 8 && length === 4 && element.length >= 6)
      return { reference: element.readUInt16BE(2), total: element[4] ?? 0, number: element[5] ?? 0 }
  }
  return undefined
}
