import { instantOf } from '../live/clock.ts'
import { useNotes } from '../live/desk.ts'
import type { DeskItem } from '../live/rows.ts'
import { Card } from '../parts/card.tsx'
import { dateTimeText, useWords } from '../words/words.ts'

/** What colleagues have told each other about this conversation, without what was said in between. */
export function NotesTab({ item: { conversation } }: { readonly item: DeskItem }) {
  const words = useWords()
  const { data: notes = [] } = useNotes(conversation?.sid)
  return (
    <Card name="notes" title={words.context.notes}>
      {notes.length === 0 && <p className="hint">{words.context.noNotes}</p>}
      <ul className="notes">
        {notes.map(({ sid, author, body, date_created }) => (
          <li key={sid}>
            <b>{author}</b> <span className="age">{dateTimeText(instantOf(date_created) ?? 0, words.lang)}</span>
            <p dir="auto">{body}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
