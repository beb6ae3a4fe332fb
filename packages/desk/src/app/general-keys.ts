import { useNavigate } from '@tanstack/react-router'
import { bar, useOffer } from './keys.ts'
import { askSignOut } from './leaving.ts'
import { choose } from './preferences.ts'

/** What can be done on every screen. */
export function useGeneralKeys(): void {
  const navigate = useNavigate()
  useOffer('commandBar', () => bar.set(bar.get() === 'commands' ? 'closed' : 'commands'))
  useOffer('showKeys', () => bar.set('keys'))
  useOffer('goDesk', () => void navigate({ to: '/' }))
  useOffer('goQueues', () => void navigate({ to: '/queues' }))
  useOffer('theme', () => choose({ theme: document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark' }))
  useOffer('signOut', askSignOut)
  useOffer('pane', () => toPane(1))
  useOffer('paneBefore', () => toPane(-1))
}

/** Focus goes from pane to pane. */
function toPane(by: 1 | -1): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter(
    ({ offsetParent }) => offsetParent !== null
  )
  const now = panes.findIndex((pane) => pane.contains(document.activeElement))
  panes[(Math.max(now, by < 0 ? 0 : -1) + by + panes.length) % Math.max(1, panes.length)]?.focus()
}
