import { walkList } from '../api/api.ts'
import { instantOf } from '../live/clock.ts'
import { type DeskItem, shownMessage } from '../live/rows.ts'
import { nameOf } from '../words/names.ts'
import { dateTimeText, wordsOf } from '../words/words.ts'

/** Saves all that was said as a text file, the oldest first. */
export async function saveTranscript(item: DeskItem): Promise<void> {
  const { conversation } = item
  if (!conversation) return
  const { lang } = wordsOf()
  const lines: string[] = []
  const asking = { path: { conversation_sid: conversation.sid } }
  for await (const one of walkList('conversations_v1.ListConversationMessage', asking, 100)) {
    const { author, body, media, date_created } = shownMessage({ ...one })
    const files = media.map(({ filename }) => `[${filename ?? ''}]`)
    const at = dateTimeText(instantOf(date_created) ?? 0, lang)
    lines.push(`${at}  ${author}: ${[body ?? '', ...files].filter(Boolean).join(' ')}`)
  }
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain' }))
  Object.assign(document.createElement('a'), { href: url, download: `${nameOf(item)}.txt` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
