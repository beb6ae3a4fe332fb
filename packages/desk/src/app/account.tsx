import { Popover } from '@base-ui/react/popover'
import { testSound, usualVolume } from '../desk/sounds.ts'
import { tell } from '../live/notices.ts'
import { useStore } from '../live/store.ts'
import { Avatar } from '../parts/avatar.tsx'
import { languages, useWords } from '../words/words.ts'
import { askSignOut } from './leaving.ts'
import { choose, preferences } from './preferences.ts'
import type { SignedInUser } from './session.ts'

/** Who has signed in, and how it shall look and sound. */
export function Account({ user }: { readonly user: SignedInUser }) {
  const words = useWords()
  const chosen = useStore(preferences)
  const { theme, density, language, single_keys = true, sounds = true, notifications = false } = chosen
  const { enter_breaks = false, notified_text = false, volume = usualVolume } = chosen
  const name = user.full_name ?? user.username
  const askNotifications = async (isOn: boolean) => {
    if (!isOn) return choose({ notifications: undefined })
    const answer = 'Notification' in window ? await Notification.requestPermission() : 'denied'
    if (answer === 'granted') choose({ notifications: true })
    else tell(words.account.notificationsDenied, 'error')
  }
  return (
    <Popover.Root>
      <Popover.Trigger className="place account" aria-label={`${words.rail.account}: ${name}`}>
        <Avatar name={name} size={28} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner side="inline-end" align="end" sideOffset={8} className="above">
          <Popover.Popup className="pop account-pop">
            <Popover.Title className="pop-title">{name}</Popover.Title>
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
            <Check label={words.account.notifications} isOn={notifications} onTurn={askNotifications} />
            {notifications && (
              <Check
                label={words.account.notifiedText}
                isOn={notified_text}
                onTurn={(isOn) => choose({ notified_text: isOn })}
              />
            )}
            <Check
              label={words.account.enterBreaks}
              isOn={enter_breaks}
              onTurn={(isOn) => choose({ enter_breaks: isOn })}
            />
            <Check
              label={words.account.singleKeys}
              isOn={single_keys}
              onTurn={(isOn) => choose({ single_keys: isOn })}
            />
            <button type="button" className="button wide" onClick={askSignOut}>
              {words.account.signOut}
            </button>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
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
