/** In UTF-8, as file systems count. */
const maxLength = 200

/** Characters beyond which the middle of a name is left out before it is looked at. */
const maxGiven = 2 * maxLength

/** Characters that no name needs: of control, of layout and of direction, half of a pair, and what separates lines. */
const invisible = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\p{Cs}]/gu

/** Names that Windows keeps for devices. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/**
 * A file's name as it may be shown and saved: what stands behind the last slash, without characters that hide what it is,
 * of at most 200 bytes with its extension whole. Undefined where nothing is left.
 */
export function fileNameOf(given: string | undefined): string | undefined {
  const whole = (given ?? '').split(/[/\\]/).at(-1) ?? ''
  const last = whole.length > maxGiven ? whole.slice(0, maxLength) + whole.slice(-maxLength) : whole
  const clean = last
    .normalize('NFC')
    .replace(invisible, '')
    .replace(/\s+/g, ' ')
    .replace(/^[. ]+|[. ]+$/g, '')
  if (clean === '') return undefined
  return shortened(device.test(clean) ? `_${clean}` : clean)
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= maxLength) return name
  const [extension = ''] = /\.[\p{L}\p{N}]{1,16}$/u.exec(name) ?? []
  const room = maxLength - Buffer.byteLength(extension)
  let stem = ''
  let bytes = 0
  for (const character of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(character)
    if (bytes > room) break
    stem += character
  }
  return stem + extension
}

/** The header that says whether a file is shown, and what it is saved as (RFC 6266). */
export function contentDisposition(how: 'inline' | 'attachment', name: string | null): string {
  if (name === null) return how
  const ascii = name.replace(/[^ !#$&+\-.0-9A-Z^_`a-z~()]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return `${how}; filename="${ascii}"${ascii === name ? '' : `; filename*=UTF-8''${encoded}`}`
}
