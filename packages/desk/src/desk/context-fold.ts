import { choose, preferences } from '../app/preferences.ts'
import { Store } from '../live/store.ts'

/** Whether the context lies over a narrow page; on a wide one it has its own place, and stays as somebody has left it. */
export const contextDrawer = new Store(false)

const narrow = matchMedia('(max-width: 1180px)')

export function toggleContext(): void {
  if (narrow.matches) contextDrawer.set(!contextDrawer.get())
  else choose({ context_folded: !preferences.get().context_folded })
}
