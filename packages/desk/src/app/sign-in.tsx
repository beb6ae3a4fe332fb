import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { unlockSound } from '../desk/sounds.ts'
import { useWords } from '../words/words.ts'
import mark from './mark.svg'
import { SignInFailed, session } from './session.ts'

/** The secret of a link that lets somebody choose a password: behind `#`, so no server log has it. */
function setupSecret(): string | undefined {
  const isSetup = window.location.pathname.replace(/\/$/, '').endsWith('/setup')
  return isSetup && window.location.hash.length > 1 ? window.location.hash.slice(1) : undefined
}

/** Signing in; `over` the page where a session has ended in the middle of something. */
export function SignIn({ over }: { readonly over?: string }) {
  const words = useWords()
  const navigate = useNavigate()
  const secret = over === undefined ? setupSecret() : undefined
  const [username, setUsername] = useState(over ?? '')
  const [password, setPassword] = useState('')
  const [failure, setFailure] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const first = useRef<HTMLInputElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    if (over !== undefined) dialog.current?.showModal()
    first.current?.focus()
    if (over === undefined) document.title = `${words.signIn.title} · ${words.product}`
  }, [over, words])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (isBusy) return
    unlockSound()
    setBusy(true)
    setFailure(undefined)
    try {
      if (secret === undefined) await session.signIn(username, password)
      else {
        await session.setUp(secret, password)
        await navigate({ to: '/', hash: '' })
      }
    } catch (error) {
      setFailure(
        error instanceof SignInFailed
          ? error.status === 429
            ? words.signIn.wait(error.wait_s)
            : error.message
          : words.signIn.noNetwork
      )
      setPassword('')
      first.current?.focus()
    } finally {
      setBusy(false)
    }
  }

  const form = (
    <form className="sign-in" onSubmit={submit}>
      <img src={mark} alt="" width={40} height={40} />
      <h1>
        {secret === undefined ? (over === undefined ? words.signIn.title : words.signIn.again) : words.signIn.setup}
      </h1>
      {over !== undefined && <p>{words.signIn.againWhy}</p>}
      {secret !== undefined && <p>{words.signIn.setupWhy}</p>}
      {secret === undefined && (
        <label>
          <span>{words.signIn.username}</span>
          <input
            ref={over === undefined ? first : undefined}
            name="username"
            autoComplete="username"
            value={username}
            readOnly={over !== undefined}
            onChange={(event) => setUsername(event.target.value)}
            required
          />
        </label>
      )}
      <label>
        <span>{secret === undefined ? words.signIn.password : words.signIn.newPassword}</span>
        <input
          ref={over !== undefined || secret !== undefined ? first : undefined}
          name="password"
          type="password"
          autoComplete={secret === undefined ? 'current-password' : 'new-password'}
          minLength={secret === undefined ? undefined : 12}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          aria-invalid={failure !== undefined}
          aria-describedby={failure === undefined ? undefined : 'sign-in-failure'}
          required
        />
      </label>
      {failure !== undefined && (
        <p className="failure" role="alert" id="sign-in-failure">
          {failure}
        </p>
      )}
      <button type="submit" className="button primary wide" aria-busy={isBusy}>
        {secret === undefined ? words.signIn.submit : words.signIn.setupSubmit}
      </button>
    </form>
  )
  if (over === undefined) return <main className="sign-in-page">{form}</main>
  return (
    <dialog ref={dialog} className="over" aria-label={words.signIn.again} onCancel={(event) => event.preventDefault()}>
      {form}
    </dialog>
  )
}
