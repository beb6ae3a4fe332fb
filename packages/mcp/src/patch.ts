import { mergePatch } from '@ringdown/contract/json-text'
import { fault, isApi } from './errors.ts'
import { objectIn, StoredJson, storedOr } from './json.ts'
import type { Call, Json } from './tool.ts'

/** What an SDK's `fetchWithHttpInfo` answers of a thing with attributes. */
export interface Versioned {
  readonly body: { readonly attributes: string }
  readonly headers?: unknown
}

interface Change {
  readonly attributes?: Json | undefined
  readonly patchAttributes?: Json | undefined
  readonly ifMatch?: string | undefined
}

const maxTries = 4

/** The version of what was fetched, from its ETag; undefined where the API gives none. */
export function versionOf(fetched: { readonly headers?: unknown }): string | undefined {
  const { etag } = objectIn(fetched.headers)
  return typeof etag === 'string' && etag !== '' ? etag : undefined
}

/** Throws Fault when attributes and patchAttributes are both given. */
export function onlyOne({ attributes, patchAttributes }: Change): void {
  if (attributes && patchAttributes) {
    throw fault('bad_value', 'attributes replaces all, patchAttributes merges: not both', {
      argument: 'patchAttributes',
      next: 'give attributes or patchAttributes'
    })
  }
}

/**
 * Writes a thing's attributes: replaced as a whole, or merged (RFC 7396) into the text of the version that was read and written
 * under that version, read again up to three times when somebody else was quicker (412).
 */
export async function changed<T>(
  change: Change,
  read: () => Promise<Versioned>,
  write: (options: { attributes?: string; ifMatch?: string }) => Promise<T>
): Promise<T> {
  onlyOne(change)
  const { attributes, patchAttributes, ifMatch } = change
  if (!patchAttributes)
    return write({ ...(attributes ? { attributes: attributes.text } : {}), ...(ifMatch ? { ifMatch } : {}) })
  for (let tries = 1; ; tries++) {
    const now = await read()
    const version = ifMatch ?? versionOf(now)
    const merged = mergedText(now.body.attributes, patchAttributes)
    try {
      return await write({ attributes: merged, ...(version ? { ifMatch: version } : {}) })
    } catch (error) {
      if (tries >= maxTries || ifMatch || !isApi(error, 412)) throw error
    }
  }
}

/**
 * The merged attributes of a thing that has no version: read, merged, and compared with what is there just before
 * writing; the result says so.
 */
export async function merged(
  call: Call,
  change: Change,
  read: () => Promise<{ readonly attributes: string }>
): Promise<string | undefined> {
  onlyOne(change)
  const { attributes, patchAttributes } = change
  if (!patchAttributes) return attributes?.text
  let before = (await read()).attributes
  for (let tries = 1; tries < maxTries; tries++) {
    const now = (await read()).attributes
    if (now === before) break
    before = now
  }
  call.warn('these attributes have no version: they were compared just before writing, not locked')
  return mergedText(before, patchAttributes)
}

/** What is no JSON (an empty text) has nothing to merge with. */
function mergedText(attributes: string, patch: Json): string {
  return mergePatch(storedOr(attributes) instanceof StoredJson ? attributes : '{}', patch.text)
}
