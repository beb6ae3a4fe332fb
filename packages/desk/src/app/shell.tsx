import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { Headphones, Inbox, ListOrdered, type LucideIcon } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { soundBlocked, unlockSound } from '../desk/sounds.ts'
import { connection } from '../live/desk.ts'
import { useStore } from '../live/store.ts'
import { late } from '../parts/late.tsx'
import { timeText, useWords } from '../words/words.ts'
import { useConfigured } from './configured.ts'
import { useGeneralKeys } from './general-keys.ts'
import { bindKeys } from './keys.ts'
import { useLeadNews } from './lead-news.ts'
import mark from './mark.svg'
import { preferences } from './preferences.ts'
import { mayLead, type SignedInUser } from './session.ts'

const Account = late(async () => (await import('./account.tsx')).Account)
const Bell = late(async () => (await import('./bell.tsx')).Bell)

/** The frame of every screen: places on the left, what is true of the connection on top. */
export function Shell({ user, children }: { readonly user: SignedInUser; readonly children: ReactNode }) {
  const words = useWords()
  const { pathname } = useRouterState({ select: ({ location }) => location })
  const isLead = mayLead({ is: 'in', user })
  const here = /\/(queues|calls)\b/.exec(pathname)?.[1]
  useEffect(() => bindKeys(), [])
  useGeneralKeys()
  usePhone(user.worker_sid !== null)
  useConfigured(user)
  useLeadNews(isLead)
  const isStale = useStale()
  // Whoever leads no more sees those screens no more.
  const navigate = useNavigate()
  const isForbidden = here !== undefined && !isLead
  useEffect(() => {
    if (isForbidden) void navigate({ to: '/' })
  }, [isForbidden, navigate])
  return (
    <div className="shell">
      <a className="skip" href="#canvas">
        {words.skip}
      </a>
      <nav className="rail" aria-label={words.rail.nav}>
        <img className="mark" src={mark} alt={words.product} width={28} height={28} />
        <Place to="/" icon={Inbox} label={words.rail.desk} isHere={here === undefined} />
        {isLead && (
          <>
            <Place to="/queues" icon={ListOrdered} label={words.rail.queues} isHere={here === 'queues'} />
            <Place to="/calls" icon={Headphones} label={words.rail.calls} isHere={here === 'calls'} />
          </>
        )}
        <span className="space" />
        <Bell />
        <Account user={user} />
      </nav>
      <div className={`stage ${isStale ? 'stale' : ''}`}>
        <Strip />
        {children}
      </div>
    </div>
  )
}

/** The phone comes when the page stands: nobody waits for it, and it rings on every screen. */
function usePhone(isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted) return
    const begun = import('../phone/phone.ts').then(({ beginPhone }) => beginPhone())
    begun.catch(() => {}) // without it the desk is as it was
    return () => void begun.then((end) => end()).catch(() => {})
  }, [isWanted])
}

interface PlaceProps {
  readonly to: '/' | '/queues' | '/calls'
  readonly icon: LucideIcon
  readonly label: string
  readonly isHere: boolean
}

function Place({ to, icon: Icon, label, isHere }: PlaceProps) {
  return (
    <Link to={to} className="place" aria-label={label} title={label} aria-current={isHere ? 'page' : undefined}>
      <Icon size={18} aria-hidden />
    </Link>
  )
}

const staleAfter_ms = 30_000

/** Whether what is shown has not been live for so long that it is drawn paler. */
function useStale(): boolean {
  const { is } = useStore(connection)
  const [isStale, setStale] = useState(false)
  useEffect(() => {
    setStale(false)
    if (is === 'live') return
    const timer = setTimeout(() => setStale(true), staleAfter_ms)
    return () => clearTimeout(timer)
  }, [is])
  return isStale
}

/** What is shown is live, or this says since when it is not. */
function Strip() {
  const words = useWords()
  const now = useStore(connection)
  const isBlocked = useStore(soundBlocked)
  const { sounds } = useStore(preferences)
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    setLong(false)
    if (now.is === 'live') return
    // A moment's gap is nobody's business.
    const timer = setTimeout(() => setLong(true), 2000)
    return () => clearTimeout(timer)
  }, [now.is])
  if (now.is !== 'live' && isLong) {
    const at = timeText(now.shown_at, words.lang)
    const text = now.is === 'standby' ? words.connection.standby : words.connection[now.is](at)
    return (
      <div className={`strip ${now.is}`} role="status">
        {text}
      </div>
    )
  }
  if (!isBlocked || sounds === false) return null
  return (
    <div className="strip quiet" role="status">
      {words.connection.soundBlocked}
      <button type="button" className="link" onClick={unlockSound}>
        {words.connection.turnOn}
      </button>
    </div>
  )
}
