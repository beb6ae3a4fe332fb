import '@fontsource-variable/inter/wght.css'
import '@ringdown/client/page/tokens.css'
import '@ringdown/client/page/base.css'
import './tokens.css'
import './app/base.css'
import './app/shell.css'
import './desk/desk.css'
import './desk/tasks.css'
import './desk/context.css'
import './desk/canvas.css'
import './desk/transcript.css'
import './desk/composer.css'
import './supervisor/queues.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { router } from './app/routes.tsx'
import { session } from './app/session.ts'
import { queries } from './live/desk.ts'

const root = document.getElementById('root')
if (!root) throw new Error('invariant: the page has a root')
const page = createRoot(root)
if (location.pathname === '/desk/call') {
  // A customer's page: nobody signs in there.
  void import('./phone/call-page.tsx').then(({ CallPage }) => page.render(<CallPage />))
} else {
  void session.begin()
  page.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>
  )
}
