import { ArrowLeft, ArrowRightLeft, CirclePause, PanelRight, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { useOffer } from '../app/keys.ts'
import { preferences } from '../app/preferences.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { channelOf, type DeskItem, objectIn, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { Avatar } from '../parts/avatar.tsx'
import { late } from '../parts/late.tsx'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { endContact, interactionOf, isVoice, leaveContact, parkContact, takeBack } from './actions.ts'
import { contextDrawer, toggleContext } from './context-fold.ts'
import { useOffReason } from './off.ts'
import { transfers } from './transfers.ts'

const TransferPanel = late(async () => (await import('./transfer-panel.tsx')).TransferPanel)
const MoreMenu = late(async () => (await import('./more-menu.tsx')).MoreMenu)

interface HeadProps {
  readonly item: DeskItem
  readonly me: string
  readonly onBack: () => void
}

/** Whom a contact is about, who else is in it, and what can be done with it. */
export function CanvasHead({ item, me, onBack }: HeadProps) {
  const words = useWords()
  const now = useNow()
  const { context_folded } = useStore(preferences)
  const isDrawn = useStore(contextDrawer)
  const { task, attributes, reservation } = item
  const language = textIn(attributes, 'language')
  return (
    <header className="canvas-head">
      <button type="button" className="icon-button back" aria-label={words.canvas.back} onClick={onBack}>
        <ArrowLeft size={18} />
      </button>
      <h1 dir="auto">{nameOf(item)}</h1>
      <div className="tags">
        <span className="tag">{words.channels[channelOf(item)] ?? channelOf(item)}</span>
        {task.task_queue_friendly_name && <span className="tag">{task.task_queue_friendly_name}</span>}
        {language && <span className="tag accent">{languageName(language, words.lang)}</span>}
        <span className="age">{spanText(now - (instantOf(reservation.date_created) ?? now))}</span>
      </div>
      <Colleagues item={item} me={me} />
      <span className="space" />
      {reservation.reservation_status !== 'wrapping' && <Actions item={item} me={me} />}
      <button
        type="button"
        className="icon-button context-toggle"
        aria-label={words.canvas.context}
        aria-pressed={isDrawn || !context_folded}
        onClick={toggleContext}
      >
        <PanelRight size={17} />
      </button>
      <MoreMenu item={item} me={me} />
      <PendingTransferLine task_sid={task.sid} />
    </header>
  )
}

/** Others who are in it, of ours. */
function colleaguesIn({ conversation, attributes }: DeskItem, me: string): readonly string[] {
  const customer = textIn(attributes, 'customerAddress')
  return (conversation?.participants ?? []).flatMap(({ identity, address }) =>
    address === null && identity !== null && identity !== me && identity !== customer ? [identity] : []
  )
}

function Colleagues({ item, me }: Pick<HeadProps, 'item' | 'me'>) {
  const words = useWords()
  const names = colleaguesIn(item, me)
  if (names.length === 0) return null
  return (
    <span className="colleagues" role="img" aria-label={words.canvas.with(names.join(', '))} title={names.join(', ')}>
      {names.slice(0, 3).map((name) => (
        <Avatar key={name} name={name} size={26} />
      ))}
    </span>
  )
}

/** What the configuration and the state of a contact let somebody do with it. */
function useMay(item: DeskItem, me: string) {
  const { data: configuration } = useConfiguration()
  const { attributes, conversation } = item
  const isAlone = colleaguesIn(item, me).length === 0
  const hasInteraction = interactionOf(item) !== undefined
  const methods = objectIn(configuration?.agent_conv_end_methods).enabled
  const mayEnd = !Array.isArray(methods) || methods.length === 0 || methods.some((one) => /end/i.test(String(one)))
  const transfer = featureOf(configuration, 'conversation_transfer')
  const isCall = isVoice(item) && textIn(attributes, 'conference', 'sid') !== undefined
  const mayHandOn = (hasInteraction || isCall) && transfer.enabled !== false && conversation?.state !== 'closed'
  return {
    mayEnd,
    // The last one who leaves lets the conversation go on without anybody: only where that is what is wanted.
    mayLeave: hasInteraction && (!isAlone || !mayEnd),
    mayTransfer: mayHandOn && transfer.cold_transfer !== false,
    mayInvite: hasInteraction && mayHandOn && transfer.multi_participant !== false,
    mayPark:
      hasInteraction &&
      isAlone &&
      conversation?.state !== 'closed' &&
      featureOf(configuration, 'park_interaction').enabled !== false
  }
}

function Actions({ item, me }: Pick<HeadProps, 'item' | 'me'>) {
  const words = useWords()
  const off = useOffReason()
  const [panel, setPanel] = useState<'transfer' | 'invite'>()
  const { mayEnd, mayLeave, mayTransfer, mayInvite, mayPark } = useMay(item, me)
  useOffer('park', mayPark && off === undefined ? () => void parkContact(item) : undefined)
  useOffer('transfer', mayTransfer ? () => setPanel('transfer') : undefined)
  useOffer('invite', mayInvite ? () => setPanel('invite') : undefined)
  const noTransfer = off ?? (mayTransfer ? undefined : words.canvas.noConversation)
  /** A button that is disabled with a reason. */
  const button = (why: string | undefined, hint: string | undefined, run: () => void) => ({
    type: 'button' as const,
    'aria-disabled': why !== undefined,
    title: why ?? hint,
    onClick: () => why === undefined && run()
  })
  return (
    <>
      {mayInvite && (
        <button className="button labelled brief" {...button(off, words.canvas.inviteHint, () => setPanel('invite'))}>
          <UserPlus size={15} aria-hidden /> <span>{words.canvas.invite}</span>
        </button>
      )}
      <button className="button labelled" {...button(noTransfer, undefined, () => setPanel('transfer'))}>
        <ArrowRightLeft size={15} aria-hidden /> <span>{words.canvas.transfer}</span>
      </button>
      {mayPark && (
        <button className="button labelled" {...button(off, words.canvas.parkHint, () => void parkContact(item))}>
          <CirclePause size={15} aria-hidden /> <span>{words.canvas.park}</span>
        </button>
      )}
      {mayLeave && (
        <button className="button" {...button(off, undefined, () => void leaveContact(item))}>
          {words.canvas.leave}
        </button>
      )}
      {mayEnd && (
        <button className="button" {...button(off, words.canvas.endHint, () => void endContact(item))}>
          {words.canvas.end}
        </button>
      )}
      {panel && <TransferPanel item={item} isInvite={panel === 'invite'} onClose={() => setPanel(undefined)} />}
    </>
  )
}

/** Somebody is being asked; it can be taken back until they have answered. */
function PendingTransferLine({ task_sid }: { readonly task_sid: string }) {
  const words = useWords()
  const now = useNow()
  const pending = useStore(transfers).get(task_sid)
  if (!pending) return null
  return (
    <div className="pending" role="status">
      {words.transfer.asked(pending.name)} <span className="age">{spanText(now - pending.at)}</span>
      <button type="button" className="button small" onClick={() => takeBack(task_sid)}>
        {words.transfer.takeBack}
      </button>
    </div>
  )
}

/** `fr` as people say it. */
export function languageName(code: string, lang: string): string {
  try {
    return new Intl.DisplayNames([lang], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}
