import { X } from 'lucide-react'
import { useRef, useState } from 'react'
import { messageOfError, upload } from '../api/api.ts'
import { useConfiguration } from '../live/desk.ts'
import { type DraftFile, drafts, emptyDraft, saveDraft } from '../live/drafts.ts'
import { notify } from '../live/notices.ts'
import type { DeskConversation } from '../live/rows.ts'
import type { Words } from '../words/en.ts'
import { useWords } from '../words/words.ts'
import { attachmentsOf, type Refusal, refusalOf } from './limits.ts'
import { sizeText } from './media.tsx'

interface Going {
  readonly place: number
  readonly name: string
  /** How much of it is there, 0 to 1. */
  readonly part: number
  /** Ends it; nobody is told of a failure then. */
  readonly cancel: () => void
}

/** Files on their way to the server; what is refused is refused at once, with the limit. They stay in their order. */
export function useUploads(conversation: DeskConversation, key: string, channel: string) {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const [going, setGoing] = useState<readonly Going[]>([])
  // Several are picked at once, and each counts for the next one.
  const current = useRef(going)
  const show = (place: number, now: Going | undefined) => {
    const others = current.current.filter((one) => one.place !== place)
    current.current = now ? [...others, now].sort(byPlace) : others
    setGoing(current.current)
  }
  const begin = (file: File, place: number) => {
    const { name, type, size } = file
    const canceled = new AbortController()
    const { signal } = canceled
    const onProgress = (part: number) =>
      signal.aborted || show(place, { place, name, part, cancel: () => canceled.abort() })
    onProgress(0)
    upload(conversation.chat_service_sid, file, { onProgress, signal })
      .then(({ sid }) => {
        const draft = drafts.get().get(key) ?? emptyDraft
        saveDraft(key, { ...draft, files: [...draft.files, { sid, name, type, size, place }].sort(byPlace) })
      })
      .catch((error: unknown) => {
        if (!signal.aborted) notify(words.composer.uploadFailed(name, messageOfError(error)), 'error')
      })
      .finally(() => show(place, undefined))
  }
  const add = (files: readonly File[]) => {
    for (const file of files) {
      const held = [...(drafts.get().get(key)?.files ?? []), ...current.current]
      const refusal = refusalOf(file, held.length, attachmentsOf(configuration?.channel_configs ?? [], channel) ?? {})
      if (refusal) notify(refusalText(refusal, file.name, words), 'error')
      else begin(file, 1 + Math.max(0, ...held.map(({ place }) => place)))
    }
  }
  return { add, going, isBusy: going.length > 0 }
}

const byPlace = (a: { readonly place: number }, b: { readonly place: number }) => a.place - b.place

function refusalText(refusal: Refusal, name: string, { composer, lang }: Words): string {
  if (refusal.is === 'size') return composer.tooLarge(name, sizeText(refusal.limit, lang))
  return refusal.is === 'type' ? composer.wrongType(name, refusal.allowed.join(', ')) : composer.tooMany(refusal.limit)
}

interface FilesProps {
  readonly files: readonly DraftFile[]
  readonly going: readonly Going[]
  readonly onRemove: (sid: string) => void
}

export function Files({ files, going, onRemove }: FilesProps) {
  const words = useWords()
  if (files.length + going.length === 0) return null
  return (
    <ul className="files">
      {files.map(({ sid, name, size }) => (
        <li key={sid}>
          <span className="file-name">{name}</span> <span className="age">{sizeText(size, words.lang)}</span>
          <RemoveButton label={words.composer.remove(name)} onClick={() => onRemove(sid)} />
        </li>
      ))}
      {going.map(({ place, name, part, cancel }) => (
        <li key={place}>
          <span className="file-name">{name}</span>
          <progress value={part} aria-label={name} />
          <RemoveButton label={words.composer.stopUpload(name)} onClick={cancel} />
        </li>
      ))}
    </ul>
  )
}

function RemoveButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" className="icon-button small" aria-label={label} onClick={onClick}>
      <X size={13} />
    </button>
  )
}
