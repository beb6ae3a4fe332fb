import { type Signal, useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { chat, end, hasSound } from './chat.ts'
import { Icon } from './icons.tsx'
import { saveTranscript } from './transcript-text.ts'
import { words } from './words.ts'

/** What can be done with a chat beside writing: sound, the transcript, its end, which is asked about once more. */
export function Menu() {
  const said = words.value
  const { isOpen, isSure, place, button, close, onKeyDown } = useMenu()
  return (
    <div class="menu-place" ref={place}>
      <button
        ref={button}
        type="button"
        class="plain"
        aria-label={said.menu}
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        onClick={() => {
          if (isOpen.value) close()
          else isOpen.value = true
        }}
      >
        <Icon name="more" />
      </button>
      {isOpen.value && (
        <div class="menu" role="menu" tabIndex={-1} aria-label={said.menu} onKeyDown={onKeyDown}>
          <Items
            isSure={isSure}
            onDone={() => {
              close()
              button.current?.focus()
            }}
          />
        </div>
      )}
    </div>
  )
}

interface OpenMenu {
  readonly isOpen: Signal<boolean>
  /** Whether it asks if the chat is to end. */
  readonly isSure: Signal<boolean>
  readonly place: RefObject<HTMLDivElement | null>
  readonly button: RefObject<HTMLButtonElement | null>
  readonly close: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** A menu as WAI-ARIA has it: arrows go round, Escape and Tab close it, and so does a press anywhere else. */
function useMenu(): OpenMenu {
  const isOpen = useSignal(false)
  const isSure = useSignal(false)
  const place = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const close = () => {
    isOpen.value = false
    isSure.value = false
  }
  useLayoutEffect(() => {
    if (!isOpen.value) return
    place.current?.querySelector<HTMLElement>('.menu button')?.focus()
    const away = (event: Event) => {
      if (!(event.target instanceof Node && place.current?.contains(event.target))) close()
    }
    document.addEventListener('pointerdown', away)
    return () => document.removeEventListener('pointerdown', away)
  }, [isOpen.value, isSure.value])
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen.value) return
    const items = [...(place.current?.querySelectorAll<HTMLElement>('.menu button') ?? [])]
    const at = items.indexOf(document.activeElement as HTMLElement) // an item has the focus
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (event.key === 'Escape') {
      close()
      button.current?.focus()
    } else if (event.key === 'Tab') return close()
    else if (step !== 0) items[(at + step + items.length) % items.length]?.focus()
    else return
    event.preventDefault()
  }
  return { isOpen, isSure, place, button, close, onKeyDown }
}

interface ItemsProps {
  readonly isSure: Signal<boolean>
  /** Closes the menu; the focus goes back to its button. */
  readonly onDone: () => void
}

function Items({ isSure, onDone }: ItemsProps) {
  const said = words.value
  const { phase = 'idle', messages = [] } = chat.value ?? {}
  const then = (act: () => void) => () => {
    act()
    onDone()
  }
  if (isSure.value)
    return (
      <>
        <Item text={said.endSure} isBad act={then(end)} />
        <Item text={said.cancel} act={onDone} />
      </>
    )
  return (
    <>
      <Item
        text={hasSound.value ? said.soundOff : said.soundOn}
        act={then(() => {
          hasSound.value = !hasSound.value
        })}
      />
      {messages.length > 0 && <Item text={said.download} act={then(saveTranscript)} />}
      {phase === 'open' && (
        <Item
          text={said.end}
          act={() => {
            isSure.value = true
          }}
        />
      )}
    </>
  )
}

interface ItemProps {
  readonly text: string
  readonly act: () => void
  readonly isBad?: boolean
}

function Item({ text, act, isBad = false }: ItemProps) {
  return (
    <button type="button" role="menuitem" class={isBad ? 'bad' : ''} onClick={act}>
      {text}
    </button>
  )
}
