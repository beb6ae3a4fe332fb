import { Popover } from '@base-ui/react/popover'
import { testSound, usualVolume } from '../desk/sounds.ts'
import { notify } from '../live/notices.ts'
import { useStore } from '../live/store.ts'
import { Avatar } from '../parts/avatar.tsx'
import { languages, useWords } from '../words/words.ts'
import { askSignOut } from './leaving.ts'
import { choose, preferences } from './preferences.ts'
import type { SignedInUser } from './session.ts'

/** Who has signed in, and how it shall look and sound. */
export function Account({ user }: { readonly user: SignedInUser }) {
  const words = useWords()
  const name = user.full_name ?? user.username
  return (
    <Popover.Root>
      <Popover.Trigger className="place account" aria-label={`${words.rail.account}: ${name}`}>
        <Avatar name={name} size={28} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="inline-end" align="end" sideOffset={8} className="above">
          <Popover.Popup className="pop account-pop">
            <Popover.Title className="pop-title">{name}</Popover.Title>
            <Looks />
            <Sounds />
            <Notifications />
            <Keys />
            <button type="button" className="button wide" onClick={askSignOut}>
              {words.account.signOut}
            </button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Looks() {
  const words = useWords()
  const { theme, density, language } = useStore(preferences)
  return (
    <>
      <Select
        label={words.account.theme}
        value={theme ?? ''}
        options={[
          ['', words.account.system],
          ['light', words.account.light],
          ['dark', words.account.dark]
        ]}
        onChoose={(value) => choose({ theme: value === 'light' || value === 'dark' ? value : undefined })}
      />
      <Select
        label={words.account.density}
        value={density ?? ''}
        options={[
          ['', words.account.comfortable],
          ['compact', words.account.compact]
        ]}
        onChoose={(value) => choose({ density: value === 'compact' ? value : undefined })}
      />
      <Select
        label={words.account.language}
        value={language ?? words.lang}
        options={languages}
        onChoose={(value) => choose({ language: value })}
      />
    </>
  )
}

function Sounds() {
  const words = useWords()
  const { sounds = true, volume = usualVolume } = useStore(preferences)
  return (
    <>
      <Check label={words.account.sounds} isOn={sounds} onTurn={(isOn) => choose({ sounds: isOn })} />
      {sounds && (
        <label className="row">
          <span>{words.account.volume}</span>
          <input
            type="range"
            min={0.1}
            max={1}
            step={0.1}
            value={volume}
            onChange={({ target }) => choose({ volume: Number(target.value) })}
          />
        </label>
      )}
      <button type="button" className="button small" onClick={testSound}>
        {words.account.testSound}
      </button>
    </>
  )
}

function Notifications() {
  const words = useWords()
  const { notifications = false, notified_text = false } = useStore(preferences)
  const turn = async (isOn: boolean) => {
    if (!isOn) return choose({ notifications: undefined })
    const answer = 'Notification' in window ? await Notification.requestPermission() : 'denied'
    if (answer === 'granted') choose({ notifications: true })
    else notify(words.account.notificationsDenied, 'error')
  }
  return (
    <>
      <Check label={words.account.notifications} isOn={notifications} onTurn={turn} />
      {notifications && (
        <Check
          label={words.account.notifiedText}
          isOn={notified_text}
          onTurn={(isOn) => choose({ notified_text: isOn })}
        />
      )}
    </>
  )
}

function Keys() {
  const words = useWords()
  const { single_keys = true, enter_breaks = false } = useStore(preferences)
  return (
    <>
      <Check label={words.account.enterBreaks} isOn={enter_breaks} onTurn={(isOn) => choose({ enter_breaks: isOn })} />
      <Check label={words.account.singleKeys} isOn={single_keys} onTurn={(isOn) => choose({ single_keys: isOn })} />
    </>
  )
}

interface SelectProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [string, string])[]
  readonly onChoose: (value: string) => void
}

function Select({ label, value, options, onChoose }: SelectProps) {
  return (
    <label className="row">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

interface CheckProps {
  readonly label: string
  readonly isOn: boolean
  readonly onTurn: (isOn: boolean) => void
}

function Check({ label, isOn, onTurn }: CheckProps) {
  return (
    <label className="row">
      <span>{label}</span>
      <input type="checkbox" checked={isOn} onChange={(event) => onTurn(event.target.checked)} />
    </label>
  )
}
