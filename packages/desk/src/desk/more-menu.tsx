import { Menu } from '@base-ui/react/menu'
import { Ellipsis } from 'lucide-react'
import { attempt } from '../live/notices.ts'
import type { DeskItem } from '../live/rows.ts'
import { useWords } from '../words/words.ts'
import { askForHelp, markUnread } from './actions.ts'
import { saveTranscript } from './save-transcript.ts'

/** What is done seldom. */
export function MoreMenu({ item, me }: { readonly item: DeskItem; readonly me: string }) {
  const words = useWords()
  const { task, conversation, reservation } = item
  const isWrapping = reservation.reservation_status === 'wrapping'
  const last = conversation?.last_message?.index
  const copy = (text: string) => void navigator.clipboard?.writeText(text)
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-button" aria-label={words.canvas.more}>
        <Ellipsis size={17} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="above">
          <Menu.Popup className="pop">
            {!isWrapping && (
              <Menu.Item className="item" onClick={() => askForHelp(item)}>
                {words.canvas.help}
              </Menu.Item>
            )}
            {conversation && !isWrapping && last !== undefined && (
              <Menu.Item className="item" onClick={() => markUnread(conversation.sid, me, last)}>
                {words.canvas.markUnread}
              </Menu.Item>
            )}
            {conversation && (
              <Menu.Item className="item" onClick={() => attempt(() => saveTranscript(item))}>
                {words.canvas.saveTranscript}
              </Menu.Item>
            )}
            <Menu.Item className="item" onClick={() => copy(window.location.href)}>
              {words.canvas.copyLink}
            </Menu.Item>
            <Menu.Item className="item" onClick={() => copy(task.sid)}>
              {words.canvas.copyTask}
            </Menu.Item>
            {conversation && (
              <Menu.Item className="item" onClick={() => copy(conversation.sid)}>
                {words.canvas.copyConversation}
              </Menu.Item>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
