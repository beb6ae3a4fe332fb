import { Outlet } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { transferEnded } from '../desk/transfers.ts'
import { beginLive, endLive, onEvent } from '../live/desk.ts'
import { loadDrafts } from '../live/drafts.ts'
import { forgetNotices, notify } from '../live/notices.ts'
import { closeOutbox, loadOutbox } from '../live/outbox.ts'
import { forgetReadMarks } from '../live/read-marks.ts'
import { useStore } from '../live/store.ts'
import { late } from '../parts/late.tsx'
import { useWords } from '../words/words.ts'
import { Announcer, Toasts } from './announcer.tsx'
import { loadPreferences } from './preferences.ts'
import { session } from './session.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

const CommandBar = late(async () => (await import('./command-bar.tsx')).CommandBar)
const LeavingDialog = late(async () => (await import('./leaving-dialog.tsx')).LeavingDialog)

/** The whole page: who has signed in sees the shell, everybody else the way in. */
export function App() {
  const state = useStore(session.state)
  const words = useWords()
  const user = 'user' in state ? state.user : undefined
  const sid = user?.sid
  const [ready, setReady] = useState<string>()
  const [failure, setFailure] = useState<string>()
  const [tries, setTries] = useState(0)
  const current = useRef(user)
  current.current = user

  // biome-ignore lint/correctness/useExhaustiveDependencies: it begins anew for somebody else, or when asked to
  useEffect(() => {
    const one = current.current
    if (!one) return
    setFailure(undefined)
    const begin = async () => {
      await Promise.all([loadDrafts(one.sid), loadPreferences(one.sid).catch(() => {})])
      await beginLive(one)
      setReady(one.sid)
      await loadOutbox(one.sid)
    }
    begin().catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error)))
    return () => {
      setReady(undefined)
      endLive()
      closeOutbox()
      forgetReadMarks()
      forgetNotices()
    }
  }, [sid, tries])

  useEffect(
    () =>
      onEvent(({ type, data }) => {
        const [, how] = /^(?:interaction\.transfer\.|task\.transfer-)(completed|failed|canceled)$/.exec(type) ?? []
        if (how)
          transferEnded(String(data.transfer_sid), how === 'completed' ? 'done' : how === 'failed' ? how : 'canceled')
        if (type === 'ringdown.warning' && typeof data.message === 'string') notify(data.message)
      }),
    []
  )

  if (state.is === 'unknown') return <div className="blank" role="status" aria-label={words.tasks.loading} />
  if (!user || state.is === 'out') return <SignIn />
  return (
    <>
      {failure !== undefined ? (
        <main className="blank">
          <h1>{words.errors.load}</h1>
          <p>{failure}</p>
          <button type="button" className="button primary" onClick={() => setTries(tries + 1)}>
            {words.errors.retry}
          </button>
        </main>
      ) : ready === sid ? (
        <Shell user={user}>
          <Outlet />
        </Shell>
      ) : (
        <div className="blank" role="status" aria-label={words.tasks.loading} />
      )}
      {state.is === 'lapsed' && <SignIn over={user.username} />}
      <CommandBar />
      <LeavingDialog />
      <Toasts />
      <Announcer />
    </>
  )
}
