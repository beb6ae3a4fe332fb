import { ApiError, errorOf } from '@ringdown/client/api-error'
import { type Asking, Client, type ItemOf, type ListId } from '@ringdown/client/client'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { session } from '../app/session.ts'
import type { AskedId } from './asked.ts'

const client = new Client({
  url: window.location.origin,
  authorization: async () => `Bearer ${await session.token()}`
})

/**
 * Asks one operation as whoever has signed in. A token that has run out is renewed once; when that fails, the page asks to
 * sign in again, and stays as it is.
 */
export async function ask<Id extends AskedId>(id: Id, asking: Asking<Id>): Promise<OperationTypes[Id]['result']> {
  try {
    return await client.call(id, asking)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    await session.renew()
    return client.call(id, asking)
  }
}

/** The first items of a list, at most so many. */
export async function askList<Id extends AskedId & ListId>(
  id: Id,
  asking: Asking<Id>,
  maxItems: number
): Promise<readonly ItemOf<Id>[]> {
  const items: ItemOf<Id>[] = []
  await session.token()
  const paged: Asking<Id> & { readonly page_size?: number } = Object.assign(
    { page_size: Math.min(maxItems, 100) },
    asking
  )
  for await (const item of client.list(id, paged)) {
    items.push(item)
    if (items.length >= maxItems) break
  }
  return items
}

/** All items of a list, page after page, as they are asked for. */
export async function* walkList<Id extends AskedId & ListId>(
  id: Id,
  asking: Asking<Id>,
  page_size: number
): AsyncGenerator<ItemOf<Id>> {
  await session.token()
  const paged: Asking<Id> & { readonly page_size?: number } = Object.assign({ page_size }, asking)
  yield* client.list(id, paged)
}

/** A file that was uploaded; it comes with a message afterwards. */
export interface Uploaded {
  readonly sid: string
}

/** Uploads a file, telling how far it is (0 to 1). Fetch tells nothing of that, so it is the older way. */
export async function upload(
  service_sid: string,
  file: File,
  { onProgress, signal }: { readonly onProgress: (part: number) => void; readonly signal: AbortSignal }
): Promise<Uploaded> {
  const token = await session.token()
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/mcs/v1/Services/${service_sid}/Media?Filename=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('authorization', `Bearer ${token}`)
    request.setRequestHeader('content-type', file.type || 'application/octet-stream')
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0)
    request.onerror = () => reject(new TypeError('network'))
    request.onabort = () => reject(signal.reason)
    request.onload = () => {
      const sid = request.status < 300 ? sidIn(request.responseText) : undefined
      if (sid !== undefined) resolve({ sid })
      else reject(errorOf(request, request.responseText))
    }
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function sidIn(text: string): string | undefined {
  try {
    const { sid } = JSON.parse(text) as Partial<Uploaded> // by the contract
    return sid
  } catch {
    return undefined // something on the way has answered in the API's place
  }
}

/** The bytes of a file of a message. */
export async function fileOf(service_sid: string, media_sid: string): Promise<Blob> {
  const response = await fetch(`/mcs/v1/Services/${service_sid}/Media/${media_sid}/Content`, {
    headers: { authorization: `Bearer ${await session.token()}` }
  })
  if (!response.ok) throw new ApiError(response.status, null, `HTTP ${response.status}`)
  return response.blob()
}

/** What a proxy answers whose server is away as well. */
const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Whether it was not answered at all, or will be later: then the same may be asked again. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError ? passing.has(error.status) : error instanceof TypeError
}

/** What went wrong, in the API's own words. */
export function messageOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
