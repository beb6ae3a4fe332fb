/** Without a type of its own. */
const unknown = 'application/octet-stream'

/** `type/subtype` in lower case and without parameters. */
const plain = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/

/** What a browser may show where it is, once its bytes have said that it is so. SVG is a page with scripts. */
const shown = /^(?:image\/(?!svg)|audio\/|video\/)|^application\/pdf$/

/** What many kinds of documents are made of: their own type says more. */
const containers: ReadonlySet<string> = new Set([
  'application/zip',
  'application/x-cfb',
  'application/xml',
  'application/gzip'
])

/**
 * The type of a file: what its beginning says, where that is known; else what was claimed, unless that is something which
 * bytes would have told (an image, audio, video or PDF that is none).
 */
export async function contentTypeOf(sample: Uint8Array, claimed: string | undefined): Promise<string> {
  const claim = plainType(claimed)
  // Loaded with the first file: most servers have none.
  const { fileTypeFromBuffer } = await import('file-type')
  const told = plainType((await fileTypeFromBuffer(sample).catch(() => undefined))?.mime)
  if (told === undefined) return claim === undefined || shown.test(claim) ? unknown : claim
  if (claim === undefined) return told
  if (isSameMedium(told, claim)) return claim
  return containers.has(told) && !shown.test(claim) && claim !== unknown ? claim : told
}

/** Whether a browser may show a file of this type where it is asked for, and not only save it. */
export function isShown(content_type: string): boolean {
  return shown.test(content_type)
}

/** A recording without pictures is in the same container as one with. */
function isSameMedium(told: string, claim: string): boolean {
  const [kind, subtype] = told.split('/')
  const [claimedKind = '', claimedSubtype] = claim.split('/')
  const isMedium = (name: string | undefined) => name === 'audio' || name === 'video'
  return isMedium(kind) && isMedium(claimedKind) && subtype === claimedSubtype
}

/** Undefined where it is no type. */
function plainType(text: string | undefined): string | undefined {
  const type = text?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return plain.test(type) ? type : undefined
}
