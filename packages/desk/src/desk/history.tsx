import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { askList, messageOfError } from '../api/api.ts'
import { instantOf } from '../live/clock.ts'
import { type DeskItem, textIn } from '../live/rows.ts'
import { Card } from '../parts/card.tsx'
import { late } from '../parts/late.tsx'
import { dateTimeText, useWords } from '../words/words.ts'

const Preview = late(async () => (await import('./preview.tsx')).Preview)

/** What was before with the same address: each can be read, and is not changed by that. */
export function History({ item, me }: { readonly item: DeskItem; readonly me: string }) {
  const words = useWords()
  const [shown, setShown] = useState<string>()
  const address = textIn(item.attributes, 'customerAddress')
  const { data = [], error } = useQuery({
    queryKey: ['history', address, item.conversation?.sid],
    enabled: address !== undefined,
    queryFn: () => {
      const params = address?.startsWith('+') || address?.includes(':') ? { address } : { identity: String(address) }
      return askList('conversations_v1.ListParticipantConversation', { params }, 20)
    }
  })
  const others = data.filter(({ conversation_sid }) => conversation_sid !== item.conversation?.sid)
  const isOpen = ({ conversation_state }: (typeof others)[number]) => conversation_state !== 'closed'
  const groups = [
    ['open', words.context.open, others.filter(isOpen)],
    ['history', words.context.history, others.filter((one) => !isOpen(one))]
  ] as const
  return (
    <>
      {groups.map(
        ([name, title, rows]) =>
          (rows.length > 0 || name === 'history') && (
            <Card key={name} name={name} title={title}>
              {error !== null && <p role="alert">{words.errors.failed(messageOfError(error))}</p>}
              {error === null && rows.length === 0 && <p className="hint">{words.context.noHistory}</p>}
              <ul className="history">
                {rows.map(({ conversation_sid: sid, conversation_friendly_name, conversation_date_created: at }) => (
                  <li key={sid}>
                    <button type="button" className="link" onClick={() => setShown(String(sid))}>
                      {conversation_friendly_name ?? sid}
                    </button>
                    <span className="age">{at && dateTimeText(instantOf(at) ?? 0, words.lang)}</span>
                  </li>
                ))}
              </ul>
            </Card>
          )
      )}
      {shown !== undefined && (
        <Preview conversation_sid={shown} {...{ item, me }} onClose={() => setShown(undefined)} />
      )}
    </>
  )
}
