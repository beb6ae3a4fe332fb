import '@ringdown/client/page/tokens.css'
import '@ringdown/client/page/base.css'
import './tokens.css'
import './frame.css'
import { render } from 'preact'
import type { ToFrame } from '../between.ts'
import { App } from './app.tsx'
import { begin, draft, identify, isShown, shutdown } from './chat.ts'
import { visitor } from './deployment.ts'
import { focusInside } from './focus.ts'
import { meetPage, postToPage } from './host.ts'
import { followTheme } from './theme.ts'

let hasBegun = false

const hearings: { readonly [T in ToFrame['type']]?: (message: Extract<ToFrame, { type: T }>) => void } = {
  begin(message) {
    if (hasBegun) return
    hasBegun = true
    followTheme(message.color_scheme)
    void begin(message).then(() => message.is_open && focusInside())
  },
  shown({ is_open }) {
    isShown.value = is_open
    if (is_open) focusInside()
  },
  identify: ({ token }) => identify(token),
  set({ visitor: more }) {
    visitor.value = { ...visitor.value, ...more }
  },
  prefill({ text }) {
    draft.value = text
  },
  shutdown: () => void shutdown()
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented) postToPage({ type: 'close' })
})

const root = document.getElementById('root')
if (!root) throw new Error('invariant: the page has a root')
render(<App />, root)

meetPage((message) => (hearings[message.type] as ((message: ToFrame) => void) | undefined)?.(message)) // of the same type
