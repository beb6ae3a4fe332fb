import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react'
import { unlockSound } from '../desk/sounds.ts'
import type { Words } from '../words/en.ts'
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
      setFailure(failureText(error, words))
      setPassword('')
      first.current?.focus()
    } finally {
      setBusy(false)
    }
  }

  const form = (
    <form className="sign-in" onSubmit={submit}>
      <img src={mark} alt="" width={40} height={40} />
      <Heading over={over} isSetup={secret !== undefined} />
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
      <Password
        field={over !== undefined || secret !== undefined ? first : undefined}
        isNew={secret !== undefined}
        hasFailed={failure !== undefined}
        value={password}
        onWrite={setPassword}
      />
      {failure !== undefined && (
        <p className="failure" role="alert" id={failureId}>
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

const failureId = 'sign-in-failure'

function failureText(error: unknown, { signIn }: Words): string {
  if (!(error instanceof SignInFailed)) return signIn.noNetwork
  return error.status === 429 ? signIn.wait(error.wait_s) : error.message
}

/** What is asked for, and why. */
function Heading({ over, isSetup }: { readonly over: string | undefined; readonly isSetup: boolean }) {
  const { signIn } = useWords()
  return (
    <>
      <h1>{isSetup ? signIn.setup : over === undefined ? signIn.title : signIn.again}</h1>
      {over !== undefined && <p>{signIn.againWhy}</p>}
      {isSetup && <p>{signIn.setupWhy}</p>}
    </>
  )
}

interface PasswordProps {
  /** Where it has the focus at first. */
  readonly field: RefObject<HTMLInputElement | null> | undefined
  /** Whether one is chosen, and not asked for. */
  readonly isNew: boolean
  readonly hasFailed: boolean
  readonly value: string
  readonly onWrite: (value: string) => void
}

function Password({ field, isNew, hasFailed, value, onWrite }: PasswordProps) {
  const { signIn } = useWords()
  return (
    <label>
      <span>{isNew ? signIn.newPassword : signIn.password}</span>
      <input
        ref={field}
        name="password"
        type="password"
        autoComplete={isNew ? 'new-password' : 'current-password'}
        minLength={isNew ? 12 : undefined}
        value={value}
        onChange={(event) => onWrite(event.target.value)}
        aria-invalid={hasFailed}
        aria-describedby={hasFailed ? failureId : undefined}
        required
      />
    </label>
  )
}
