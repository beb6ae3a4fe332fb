import { chat, identity, nameOf } from './chat.ts'
import { dayText, timeText, words } from './words.ts'

/** The conversation as text, saved by the browser as a file. */
export function saveTranscript(): void {
  const lines = (chat.value?.messages ?? []).map(({ author, body, media, date_created }) => {
    const who = author === identity.value ? words.value.you : nameOf(author)
    const files = media.map(({ filename }) => `[${filename ?? words.value.file}]`)
    return `${dayText(date_created)} ${timeText(date_created)}  ${who}: ${[body ?? '', ...files].join(' ').trim()}`
  })
  saveBlob(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }), 'chat.txt')
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
