import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useState } from 'react'
import { askList } from '../api/api.ts'
import { session } from '../app/session.ts'
import { useCanned, useConfiguration } from '../live/desk.ts'
import type { DraftKind } from '../live/drafts.ts'
import { featureOf, isFeatureOn } from '../live/features.ts'
import { type DeskItem, objectIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'

/** Something that may stand in the place of what was begun: a canned response (`/`), a colleague (`@`), an emoji (`:`). */
export interface Suggestion {
  readonly key: string
  readonly label: string
  readonly detail: string
  /** What is inserted. */
  readonly text: string
}

interface SuggestedFor {
  readonly text: string
  readonly kind: DraftKind
  readonly item: DeskItem
}

/** What the end of a text asks for: its sign, and what follows it. */
const begun = /(?:^|\s)([/@:])([^\s/@:]*)$/
/** An emoji is not asked for by a colon alone: people write them. */
const minOfEmoji = 2
const maxSuggestions = 8

export interface Suggesting {
  /** Undefined where nobody asks for any. */
  readonly found: readonly Suggestion[] | undefined
  readonly picked: number
  /** Whether a key was for the list. */
  readonly onKeyDown: (event: KeyboardEvent, insert: (one: Suggestion) => void) => boolean
  /** Begins anew, with what is written now. */
  readonly reset: () => void
}

export function useSuggestions(asked: SuggestedFor): Suggesting {
  const [picked, setPicked] = useState(0)
  const [isDismissed, setDismissed] = useState(false)
  const [, sign = '', typed = ''] = begun.exec(asked.text) ?? []
  const canned = useCannedFor(sign === '/' && asked.kind === 'reply' ? typed : undefined, asked.item)
  const colleagues = useColleagues(sign === '@' && asked.kind === 'note' ? typed : undefined)
  const signs = useEmoji(sign === ':' && typed.length >= minOfEmoji ? typed : undefined)
  const found = isDismissed ? undefined : (canned ?? colleagues ?? signs)
  return {
    found,
    picked,
    reset() {
      setPicked(0)
      setDismissed(false)
    },
    onKeyDown(event, insert) {
      if (!found) return false
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
      const one = found[picked]
      if (step !== undefined && found.length > 0) setPicked((picked + step + found.length) % found.length)
      else if ((event.key === 'Enter' || event.key === 'Tab') && one) insert(one)
      else if (event.key === 'Escape') setDismissed(true)
      else return false
      event.preventDefault()
      return true
    }
  }
}

/** The text with a suggestion in the place of what was begun. */
export function withSuggestion(text: string, one: Suggestion): string {
  return text.replace(/(^|\s)[/@:][^\s/@:]*$/, '$1') + one.text
}

function useCannedFor(asked: string | undefined, { task, attributes }: DeskItem): readonly Suggestion[] | undefined {
  const { data: all = [] } = useCanned()
  const { data: configuration } = useConfiguration()
  if (asked === undefined || !isFeatureOn(configuration, 'canned_responses')) return undefined
  const wanted = asked.toLowerCase()
  const { language } = attributes
  return all
    .filter(
      ({ task_queue_sids }) => task_queue_sids.length === 0 || task_queue_sids.includes(task.task_queue_sid ?? '')
    )
    .filter(({ label, shortcut, text: said }) =>
      [label, shortcut ?? '', said].some((one) => one.toLowerCase().includes(wanted))
    )
    .sort((a, b) => Number(b.language === language) - Number(a.language === language))
    .slice(0, maxSuggestions)
    .map(({ sid, label, text }) => ({
      key: String(sid),
      label: String(label),
      detail: String(text),
      text: String(text)
    }))
}

function useColleagues(asked: string | undefined): readonly Suggestion[] | undefined {
  const state = useStore(session.state)
  const workspace_sid = 'user' in state ? String(state.user.workspace_sid) : ''
  const { data = [] } = useQuery({
    queryKey: ['colleagues', workspace_sid],
    enabled: asked !== undefined,
    queryFn: () => askList('taskrouter_v1.ListWorker', { path: { workspace_sid } }, 500)
  })
  const wanted = asked?.toLowerCase()
  if (wanted === undefined) return undefined
  return data
    .filter(({ friendly_name }) => friendly_name?.toLowerCase().includes(wanted))
    .slice(0, maxSuggestions)
    .map(({ sid, friendly_name, activity_name }) => ({
      key: String(sid),
      label: String(friendly_name),
      detail: activity_name ?? '',
      text: `@${friendly_name} `
    }))
}

function useEmoji(asked: string | undefined): readonly Suggestion[] | undefined {
  const words = useWords()
  const { data: configuration } = useConfiguration()
  const isOn = objectIn(featureOf(configuration, 'emoji_picker')).enabled !== false
  const { data } = useQuery({
    queryKey: ['emoji'],
    enabled: asked !== undefined && isOn,
    queryFn: () => import('../words/emoji.ts')
  })
  if (asked === undefined || !isOn || !data) return undefined
  const wanted = asked.toLowerCase()
  const found = data.emoji.filter(({ names }) => names.includes(wanted)).slice(0, maxSuggestions)
  // Something else stands behind a colon as well.
  if (found.length === 0) return undefined
  return found.map((one) => ({
    key: one.sign,
    label: one.sign,
    detail: data.emojiName(one, words.lang),
    text: `${one.sign} `
  }))
}

interface SuggestionsProps {
  readonly id: string
  readonly suggesting: Suggesting
  readonly onPick: (one: Suggestion) => void
}

export function Suggestions({ id, suggesting: { found, picked }, onPick }: SuggestionsProps) {
  const words = useWords()
  if (!found) return null
  return (
    <div className="canned" role="listbox" id={id} aria-label={words.composer.suggestions}>
      {found.map((one, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the textarea's
        <div
          key={one.key}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === picked}
          className="item"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(one)}
        >
          <b>{one.label}</b>
          <span>{one.detail}</span>
        </div>
      ))}
      {found.length === 0 && <p className="hint">{words.composer.cannedNone}</p>}
    </div>
  )
}
