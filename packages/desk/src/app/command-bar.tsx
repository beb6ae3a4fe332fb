import { Dialog } from '@base-ui/react/dialog'
import { type KeyboardEvent, useState } from 'react'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { type KeyChange, KeysFoot, useKeyChange } from './key-change.tsx'
import { type CommandName, keysBy } from './key-map.ts'
import { bar, canRun, keyText, offered, run } from './keys.ts'
import { preferences } from './preferences.ts'

const close = () => bar.set('closed')

/** Everything that can be done, found by typing; with `?`, all keys. */
export function CommandBar() {
  const words = useWords()
  const shown = useStore(bar)
  const change = useKeyChange()
  return (
    <Dialog.Root
      open={shown !== 'closed'}
      onOpenChange={(isOpen) => {
        // Escape is for the key that is being changed first.
        if (!isOpen && change.changing === undefined) close()
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="pop bar" onKeyDown={change.onKeyDown}>
          <Dialog.Title className="unseen">
            {shown === 'keys' ? words.commands.keys : words.commands.title}
          </Dialog.Title>
          <Commands isKeys={shown === 'keys'} change={change} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface CommandsProps {
  /** Whether it shows all keys, to be changed, and not what can be done now. */
  readonly isKeys: boolean
  readonly change: KeyChange
}

function Commands({ isKeys, change }: CommandsProps) {
  const words = useWords()
  useStore(offered)
  const chosen = useStore(preferences)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const found = keysBy(chosen).filter(
    ([name]) =>
      (isKeys || (canRun(name) && name !== 'commandBar')) &&
      words.commands[name].toLowerCase().includes(text.toLowerCase())
  )
  const go = (name: CommandName | undefined) => {
    if (isKeys) return change.begin(name)
    close()
    // The bar gives focus back first, and what is done may take it then.
    if (name) setTimeout(() => run(name), 30)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (change.changing !== undefined) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Enter') go(found[at]?.[0])
    else if (step !== undefined) {
      event.preventDefault()
      setAt((at + step + found.length) % Math.max(1, found.length))
    }
  }
  return (
    <>
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
        onKeyDown={onKeyDown}
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
            onClick={() => go(name)}
          >
            <span>{words.commands[name]}</span>
            {change.changing === name ? (
              <kbd className="pressing">{words.commands.press}</kbd>
            ) : (
              key !== '' && <kbd>{keyText(key)}</kbd>
            )}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="hint">{words.commands.none}</p>}
      {isKeys && <KeysFoot taken={change.taken} />}
    </>
  )
}
