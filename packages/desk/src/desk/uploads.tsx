import { X } from 'lucide-react'
import { useState } from 'react'
import { messageOfError, upload } from '../api/api.ts'
import { useConfiguration } from '../live/desk.ts'
import { type DraftFile, drafts, emptyDraft, saveDraft } from '../live/drafts.ts'
import { tell } from '../live/notices.ts'
import type { DeskConversation } from '../live/rows.ts'
import type { Words } from '../words/en.ts'
import { useWords } from '../words/words.ts'
import { attachmentsOf, type Refusal, refusalOf } from './limits.ts'
import { sizeText } from './media.tsx'

interface Going {
  readonly name: string
  readonly part: number
}

/** Files on their way to the server; what is refused is refused at once, with the limit. */
export function useUploads(conversation: DeskConversation, key: string, channel: string) {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const [going, setGoing] = useState<readonly Going[]>([])
  const add = (files: readonly File[]) => {
    for (const file of files) {
      const held = drafts.get().get(key)?.files.length ?? 0
      const refusal = refusalOf(file, held, attachmentsOf(configuration?.channel_configs ?? [], channel) ?? {})
      if (refusal) {
        tell(refusalText(refusal, file.name, words), 'error')
        continue
      }
      const change = (part: number | undefined) =>
        setGoing((now) => [
          ...now.filter(({ name }) => name !== file.name),
          ...(part === undefined ? [] : [{ name: file.name, part }])
        ])
      change(0)
      upload(conversation.chat_service_sid, file, { onProgress: change, signal: new AbortController().signal })
        .then(({ sid }) => {
          const draft = drafts.get().get(key) ?? emptyDraft
          saveDraft(key, {
            ...draft,
            files: [...draft.files, { sid, name: file.name, type: file.type, size: file.size }]
          })
        })
        .catch((error: unknown) => tell(words.composer.uploadFailed(file.name, messageOfError(error)), 'error'))
        .finally(() => change(undefined))
    }
  }
  return { add, going, isBusy: going.length > 0 }
}

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
          <button
            type="button"
            className="icon-button small"
            aria-label={words.composer.remove(name)}
            onClick={() => onRemove(sid)}
          >
            <X size={13} />
          </button>
        </li>
      ))}
      {going.map(({ name, part }) => (
        <li key={name}>
          <span className="file-name">{name}</span>
          <progress value={part} aria-label={name} />
        </li>
      ))}
    </ul>
  )
}
