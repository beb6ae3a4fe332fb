import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { chat, draft, say, trouble, types } from './chat.ts'
import { known } from './deployment.ts'
import { Icon } from './icons.tsx'
import { words } from './words.ts'

/** Where the customer writes: Enter sends, Shift and Enter begins a line; files by the button, dropped or pasted. */
export function Composer() {
  const said = words.value
  const box = useRef<HTMLTextAreaElement>(null)
  const isOver = useSignal(false)
  const isAway = known.value?.is_open === false && !chat.value?.session
  const { send, take } = useSending(box)
  const label = isAway ? said.leave : said.placeholder
  return (
    <div
      class={`composer${isOver.value ? ' over' : ''}`}
      role="group"
      aria-label={label}
      onDragOver={(event) => {
        event.preventDefault()
        isOver.value = true
      }}
      onDragLeave={() => {
        isOver.value = false
      }}
      onDrop={(event) => {
        event.preventDefault()
        isOver.value = false
        void take(event.dataTransfer?.files ?? [])
      }}
    >
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      <div class="line">
        <FilePicker onPick={take} />
        <Box box={box} label={label} onSend={send} onFiles={take} />
        <button
          type="button"
          class="send"
          aria-label={said.send}
          aria-disabled={draft.value.trim() === ''}
          onClick={send}
        >
          <Icon name="send" />
        </button>
      </div>
    </div>
  )
}

type TakeFiles = (files: Iterable<File>) => Promise<void>

/** Sends what is written, and files, as far as the deployment's limits let them. */
function useSending(box: RefObject<HTMLTextAreaElement | null>): { send: () => Promise<void>; take: TakeFiles } {
  const said = words.value
  const { message_bytes = 32_768, file_bytes = 0, file_types = [] } = known.value?.limits ?? {}
  const send = async () => {
    const text = draft.value.trim()
    if (text === '') return
    if (new TextEncoder().encode(text).length > message_bytes) {
      trouble.value = said.tooLong
      return
    }
    const isKept = chat.value?.session !== undefined
    if (isKept) draft.value = ''
    box.current?.focus()
    if ((await say(text)) && !isKept) draft.value = ''
  }
  const take = async (files: Iterable<File>) => {
    for (const file of files) {
      const types = file_types.some((type) => file.type.startsWith(type))
      if (!types) trouble.value = said.wrongType(file.name)
      else if (file.size > file_bytes)
        trouble.value = said.tooLarge(file.name, said.bytes(String(Math.floor(file_bytes / 1024 / 1024))))
      else await say('', file)
    }
    box.current?.focus()
  }
  return { send, take }
}

/** The button for files, where the deployment takes any. */
function FilePicker({ onPick }: { readonly onPick: TakeFiles }) {
  const picker = useRef<HTMLInputElement>(null)
  const { file_bytes = 0, file_types = [] } = known.value?.limits ?? {}
  if (file_bytes === 0) return null
  return (
    <>
      <button type="button" class="plain" aria-label={words.value.attach} onClick={() => picker.current?.click()}>
        <Icon name="clip" />
      </button>
      <input
        ref={picker}
        type="file"
        hidden
        multiple
        tabIndex={-1}
        accept={file_types.map((type) => (type.endsWith('/') ? `${type}*` : type)).join(',')}
        onChange={({ currentTarget }) => {
          void onPick([...(currentTarget.files ?? [])])
          currentTarget.value = ''
        }}
      />
    </>
  )
}

interface BoxProps {
  readonly box: RefObject<HTMLTextAreaElement | null>
  readonly label: string
  readonly onSend: () => Promise<void>
  readonly onFiles: TakeFiles
}

/** The text, as high as it needs. */
function Box({ box, label, onSend, onFiles }: BoxProps) {
  useEffect(() => {
    const area = box.current
    if (!area) return
    area.style.height = 'auto'
    area.style.height = `${Math.min(area.scrollHeight, 132)}px`
  }, [draft.value])
  return (
    <textarea
      ref={box}
      rows={1}
      dir="auto"
      value={draft.value}
      aria-label={label}
      placeholder={label}
      data-focus
      enterkeyhint="send"
      onInput={({ currentTarget }) => {
        draft.value = currentTarget.value
        trouble.value = ''
        if (currentTarget.value !== '') types()
      }}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
        event.preventDefault()
        void onSend()
      }}
      onPaste={(event) => {
        const files = event.clipboardData?.files
        if (!files?.length) return
        event.preventDefault()
        void onFiles(files)
      }}
    />
  )
}
