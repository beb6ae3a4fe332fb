import { keepValue, keptValues } from './kept.ts'
import { Store } from './store.ts'

export type DraftKind = 'reply' | 'note'

export interface DraftFile {
  readonly sid: string
  readonly name: string
  readonly type: string
  readonly size: number
  /** Of several, in the order in which they were picked. */
  readonly place: number
}

export interface Draft {
  readonly text: string
  readonly files: readonly DraftFile[]
}

export const emptyDraft: Draft = { text: '', files: [] }

/** By conversation and kind: what is written in one never gets into another. */
export const drafts = new Store<ReadonlyMap<string, Draft>>(new Map())

let owner = ''
const writing = new Map<string, ReturnType<typeof setTimeout>>()
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('ringdown-drafts') : undefined

channel?.addEventListener(
  'message',
  ({ data }: MessageEvent<{ owner: string; key: string; draft: Draft | undefined }>) => {
    if (data.owner === owner) put(data.key, data.draft)
  }
)

/** Takes the drafts of somebody who works here. */
export async function loadDrafts(user_sid: string): Promise<void> {
  owner = user_sid
  const prefix = `draft/${owner}/`
  const known = await keptValues(prefix)
  drafts.set(new Map([...known].map(([name, draft]) => [name.slice(prefix.length), draft as Draft]))) // as `saveDraft` keeps it
}

export function draftKey(conversation_sid: string, kind: DraftKind): string {
  return `${conversation_sid}/${kind}`
}

export function saveDraft(key: string, draft: Draft): void {
  const kept = draft.text === '' && draft.files.length === 0 ? undefined : draft
  put(key, kept)
  clearTimeout(writing.get(key))
  writing.set(
    key,
    setTimeout(() => {
      void keepValue(`draft/${owner}/${key}`, kept)
      channel?.postMessage({ owner, key, draft: kept })
    }, 300)
  )
}

/** A page that goes away has no 300 milliseconds left. */
window.addEventListener('pagehide', () => {
  for (const [key, timer] of writing) {
    clearTimeout(timer)
    void keepValue(`draft/${owner}/${key}`, drafts.get().get(key))
  }
})

function put(key: string, draft: Draft | undefined): void {
  const next = new Map(drafts.get())
  if (draft) next.set(key, draft)
  else next.delete(key)
  drafts.set(next)
}
