import { type KeyboardEvent, useState } from 'react'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { type CommandName, keyIn, keysBy } from './key-map.ts'
import { isMac } from './keys.ts'
import { choose, preferences } from './preferences.ts'

export interface KeyChange {
  /** The command whose key is pressed next. */
  readonly changing: CommandName | undefined
  /** The command that has the key which was pressed last. */
  readonly taken: CommandName | undefined
  readonly begin: (name: CommandName | undefined) => void
  /** Takes the key that is waited for. Escape leaves it as it was, Delete takes it away. */
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** Giving commands keys of one's own. */
export function useKeyChange(): KeyChange {
  const chosen = useStore(preferences)
  const [changing, setChanging] = useState<CommandName>()
  const [taken, setTaken] = useState<CommandName>()
  const change = (name: CommandName, key: string) => {
    const [other] = (key !== '' && keysBy(chosen).find(([one, its]) => its === key && one !== name)) || []
    setTaken(other)
    if (other) return
    choose({ keys: { ...chosen.keys, [name]: key } })
    setChanging(undefined)
  }
  return {
    changing,
    taken,
    begin(name) {
      setChanging(name)
      setTaken(undefined)
    },
    onKeyDown(event) {
      if (changing === undefined) return
      event.preventDefault()
      event.stopPropagation()
      const key = keyIn(event.nativeEvent, isMac)
      if (key === 'Escape') setChanging(undefined)
      else if (key !== undefined) change(changing, key === 'Backspace' || key === 'Delete' ? '' : key)
    }
  }
}

/** Below the list of keys: how one is changed, those of Flex, and the way back. */
export function KeysFoot({ taken }: Pick<KeyChange, 'taken'>) {
  const words = useWords()
  const { key_preset } = useStore(preferences)
  return (
    <div className="bar-foot">
      <p className="hint" role="status">
        {taken !== undefined ? words.commands.taken(words.commands[taken]) : words.commands.change}
      </p>
      <label className="row">
        <input
          type="checkbox"
          checked={key_preset === 'flex'}
          onChange={({ target }) => choose({ key_preset: target.checked ? 'flex' : undefined })}
        />
        <span>{words.commands.flex}</span>
      </label>
      <button type="button" className="button small" onClick={() => choose({ keys: undefined })}>
        {words.commands.reset}
      </button>
    </div>
  )
}
