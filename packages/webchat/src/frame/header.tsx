import { useSignal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { agent, chat, end, hasSound, nameOf } from './chat.ts'
import { known } from './deployment.ts'
import { postToPage } from './host.ts'
import { Icon } from './icons.tsx'
import { saveTranscript } from './transcript-text.ts'
import { ownText, words } from './words.ts'

/** Who one writes to: the brand, then whoever has joined. */
export function Header() {
  const said = words.value
  const someone = chat.value?.phase === 'open' ? agent.value : undefined
  const name = someone ? nameOf(someone.identity) : ''
  const title = ownText('title') ?? said.title
  const isAway = known.value?.is_open === false
  const line = isAway ? said.awayNow : (ownText('intro') ?? said.intro)
  return (
    <header>
      <Face name={name} />
      <div class="who">
        <h1 tabIndex={-1}>{name || title}</h1>
        <p>{name ? title : line}</p>
      </div>
      <Menu />
      <button type="button" class="plain" aria-label={said.close} onClick={() => postToPage({ type: 'close' })}>
        <Icon name="close" />
      </button>
    </header>
  )
}

function Face({ name }: { readonly name: string }) {
  const { logo } = known.value?.theme ?? {}
  if (!name && typeof logo === 'string' && logo.startsWith('https://'))
    return <img class="face" src={logo} alt="" referrerpolicy="no-referrer" />
  return (
    <span class="face" aria-hidden="true">
      {name ? [...name][0]?.toUpperCase() : <Icon name="chat" />}
    </span>
  )
}

function Menu() {
  const said = words.value
  const isOpen = useSignal(false)
  const isSure = useSignal(false)
  const place = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    if (!isOpen.value) return
    place.current?.querySelector<HTMLElement>('.menu button')?.focus()
    const away = (event: Event) => {
      if (event.target instanceof Node && place.current?.contains(event.target)) return
      isOpen.value = false
    }
    document.addEventListener('pointerdown', away)
    return () => document.removeEventListener('pointerdown', away)
  }, [isOpen.value, isSure.value])
  const close = () => {
    isOpen.value = false
    isSure.value = false
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen.value) return
    const items = [...(place.current?.querySelectorAll<HTMLElement>('.menu button') ?? [])]
    const at = items.indexOf(document.activeElement as HTMLElement)
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (event.key === 'Escape') {
      close()
      button.current?.focus()
    } else if (event.key === 'Tab') return close()
    else if (step !== 0) items[(at + step + items.length) % items.length]?.focus()
    else return
    event.preventDefault()
  }
  const { phase = 'idle', messages = [] } = chat.value ?? {}
  /** Does it, and goes back to where one came from. */
  const then = (act: () => void) => () => {
    act()
    close()
    button.current?.focus()
  }
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
          {isSure.value ? (
            <>
              <Item text={said.endSure} isBad act={then(end)} />
              <Item text={said.cancel} act={then(() => {})} />
            </>
          ) : (
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
          )}
        </div>
      )}
    </div>
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
