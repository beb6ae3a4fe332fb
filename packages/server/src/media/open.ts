import { join } from 'node:path'
import type { MediaRow } from '@ringdown/engine/media/rows'
import { keepPrivate } from '../store/permissions.ts'
import { CannotOpen, type Store } from '../store/store.ts'
import { messageOf } from '../store/thrown.ts'
import { FolderStore } from './folder-store.ts'
import { S3Store } from './s3-store.ts'
import type { MediaStore } from './store.ts'

interface OpenMediaOptions {
  readonly account_sid: string
  /** The data folder. */
  readonly data: string
  /** `--media`: a folder, or `s3://bucket/prefix`; the data folder's own without it. */
  readonly media?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Where the files of an account are. Each has an own place: who sweeps one sees no other's. Throws CannotOpen with one line. */
export async function openMediaStore({ account_sid, data, media, env }: OpenMediaOptions): Promise<MediaStore> {
  const own = join(data, 'media')
  keepPrivate(own)
  try {
    if (!media?.startsWith('s3://')) return await FolderStore.open(join(media ?? own, account_sid))
    const [, bucket = '', rest = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(media) ?? []
    if (bucket === '') throw new CannotOpen(`--media ${media} names no bucket: s3://bucket/prefix is expected.`)
    const prefix = [rest, account_sid].filter((part) => part !== '').join('/')
    return await S3Store.open({ bucket, prefix, incoming: join(own, 'incoming'), env })
  } catch (error) {
    if (error instanceof CannotOpen) throw error
    throw new CannotOpen(`Cannot keep media in ${media ?? own}: ${messageOf(error)}.`, { cause: error })
  }
}

/**
 * Whether files that the account's rows tell of are where this node looks for them. The first and the last are looked for:
 * a node with a place of its own has none of another's.
 */
export async function missesMedia(
  store: Pick<Store, 'page'>,
  media: MediaStore,
  account_sid: string
): Promise<boolean> {
  for (const descending of [true, false]) {
    const query = { account_sid, kind: 'media', where: [], order: ['seq'], descending, limit: 1 }
    const [row] = await store.page<MediaRow>(query)
    if (row && !(await media.has(row.sha256))) return true
  }
  return false
}
