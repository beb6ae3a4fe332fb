import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useState } from 'react'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { type CommandName, keyIn, keysBy } from './key-map.ts'
import { bar, canRun, isMac, keyText, offer, offered, run } from './keys.ts'
import { askSignOut } from './leaving.ts'
import { choose, preferences } from './preferences.ts'

/** Everything that can be done, found by typing; with `?`, all keys. */
export function CommandBar() {
  const words = useWords()
  const navigate = useNavigate()
  const shown = useStore(bar)
  useStore(offered)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const chosen = useStore(preferences)
  /** The command whose key is pressed next, and what was wrong with the last one. */
  const [changing, setChanging] = useState<CommandName>()
  const [taken, setTaken] = useState<CommandName>()
  useEffect(() => {
    const stops = [
      offer('commandBar', () => bar.set(bar.get() === 'commands' ? 'closed' : 'commands')),
      offer('showKeys', () => bar.set('keys')),
      offer('goDesk', () => void navigate({ to: '/' })),
      offer('goQueues', () => void navigate({ to: '/queues' })),
      offer('theme', () => choose({ theme: document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark' })),
      offer('signOut', askSignOut),
      offer('pane', () => toPane(1)),
      offer('paneBefore', () => toPane(-1))
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [navigate])
  const isKeys = shown === 'keys'
  const all = keysBy(chosen)
  const found = all.filter(
    ([name]) =>
      (isKeys || (canRun(name) && name !== 'commandBar')) &&
      words.commands[name].toLowerCase().includes(text.toLowerCase())
  )
  const close = () => {
    bar.set('closed')
    setText('')
    setAt(0)
    setChanging(undefined)
    setTaken(undefined)
  }
  const change = (name: CommandName, key: string) => {
    const [other] = (key !== '' && all.find(([one, its]) => its === key && one !== name)) || []
    setTaken(other)
    if (other) return
    choose({ keys: { ...chosen.keys, [name]: key } })
    setChanging(undefined)
  }
  const go = (name: CommandName | undefined) => {
    close()
    // The bar gives focus back first, and what is done may take it then.
    if (name) setTimeout(() => run(name), 30)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (changing !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      const key = keyIn(event.nativeEvent, isMac)
      if (key === 'Escape') setChanging(undefined)
      else if (key !== undefined) change(changing, key === 'Backspace' || key === 'Delete' ? '' : key)
      return
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setAt((at + step + found.length) % Math.max(1, found.length))
    } else if (event.key === 'Enter') {
      if (isKeys) setChanging(found[at]?.[0])
      else go(found[at]?.[0])
    }
  }
  return (
    <Dialog.Root open={shown !== 'closed'} onOpenChange={(isOpen) => !isOpen && changing === undefined && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop bar" onKeyDown={onKeyDown}>
          <Dialog.Title className="unseen">{isKeys ? words.commands.keys : words.commands.title}</Dialog.Title>
          <input
            className="bar-input"
            role="combobox"
            aria-expanded
            aria-controls="bar-list"
            aria-activedescendant={found[at] && `bar-${found[at][0]}`}
            aria-label={words.commands.placeholder}
            placeholder={isKeys ? words.commands.keys : words.commands.placeholder}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
          />
          <div id="bar-list" role="listbox" aria-label={words.commands.title} className="bar-list">
            {found.map(([name, key], index) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's, as of every combobox
              <div
                key={name}
                id={`bar-${name}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className="item"
                onClick={() => (isKeys ? setChanging(name) : go(name))}
              >
                <span>{words.commands[name]}</span>
                {changing === name ? (
                  <kbd className="pressing">{words.commands.press}</kbd>
                ) : (
                  key !== '' && <kbd>{keyText(key)}</kbd>
                )}
              </div>
            ))}
          </div>
          {found.length === 0 && <p className="hint">{words.commands.none}</p>}
          {isKeys && (
            <div className="bar-foot">
              <p className="hint" role="status">
                {taken !== undefined ? words.commands.taken(words.commands[taken]) : words.commands.change}
              </p>
              <label className="row">
                <input
                  type="checkbox"
                  checked={chosen.key_preset === 'flex'}
                  onChange={({ target }) => choose({ key_preset: target.checked ? 'flex' : undefined })}
                />
                <span>{words.commands.flex}</span>
              </label>
              <button type="button" className="button small" onClick={() => choose({ keys: undefined })}>
                {words.commands.reset}
              </button>
            </div>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** Focus goes from pane to pane. */
function toPane(by: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(
    ({ offsetParent }) => offsetParent !== null
  )
  const now = panes.findIndex((pane) => pane.contains(document.activeElement))
  panes[(Math.max(now, by < 0 ? 0 : -1) + by + panes.length) % Math.max(1, panes.length)]?.focus()
}
