/*
 * How many parts a text takes on its way as SMS (reference messaging 1): in the alphabet of GSM 03.38 160 characters, or
 * 153 a part when there are several; with any other character in it UCS-2, 70 units of UTF-16, or 67 a part.
 */

const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
)
/** Of the alphabet's extension: they take two places, which stand in one part. */
const extended = new Set('\f^{}\\[~]|€')

/** Parts that a text is sent in; a text without characters is one. */
export function segmentsOf(text: string): number {
  const sizes = septetsOf(text)
  if (sizes) return partsOf(sizes, 160, 153)
  return partsOf(unitsOf(text), 70, 67)
}

/** Places that each character takes in the alphabet of GSM 03.38; undefined where one is not in it. */
function septetsOf(text: string): number[] | undefined {
  const sizes: number[] = []
  for (const character of text) {
    if (basic.has(character)) sizes.push(1)
    else if (extended.has(character)) sizes.push(2)
    else return undefined
  }
  return sizes
}

/** Units of UTF-16 of each character: no pair is split over parts. */
function unitsOf(text: string): number[] {
  return Array.from(text, ({ length }) => length)
}

function partsOf(sizes: readonly number[], single: number, several: number): number {
  const whole = sizes.reduce((sum, size) => sum + size, 0)
  if (whole <= single) return 1
  let parts = 1
  let filled = 0
  for (const size of sizes) {
    if (filled + size > several) {
      parts += 1
      filled = 0
    }
    filled += size
  }
  return parts
}

/**
 * The text with typographic characters that another one in the alphabet stands for: what smart encoding sends, so that a
 * text with one curly quote is not twice as long.
 */
export function smartEncoded(text: string): string {
  return Array.from(text, (character) => plain[character] ?? character).join('')
}

const plain: Readonly<Record<string, string>> = {
  '\u00ab': '"',
  '\u00bb': '"',
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u2032': "'",
  '\u2033': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
  '\u2026': '...',
  '\u00a0': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2009': ' ',
  '\u200a': ' ',
  '\u202f': ' ',
  '\u200b': '',
  '\ufeff': '',
  '\t': ' '
}
