import { Phone as PhoneIcon, PhoneOff } from 'lucide-react'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'
import { callFrom, hangUp, phone } from './phone.ts'
import { Keypad } from './phone-panel.tsx'

/** A customer's page: one button that calls what the deployment of web chat says whose key is in its address. */
export function CallPage() {
  const { phone: text, product } = useWords()
  const { call, why } = useStore(phone)
  return (
    <main className="phone">
      <h1>{product}</h1>
      <p role="status">{call ? text[call.is === 'ringing' ? 'calling' : call.is] : text.noCall}</p>
      {call ? (
        <button type="button" className="button danger" onClick={hangUp}>
          <PhoneOff size={16} aria-hidden /> {text.hangUp}
        </button>
      ) : (
        <button
          type="button"
          className="button primary"
          onClick={() => callFrom(new URLSearchParams(location.search).get('key') ?? '')}
        >
          <PhoneIcon size={16} aria-hidden /> {text.call}
        </button>
      )}
      {call?.is === 'talking' && <Keypad />}
      {why && <p className="phone-why">{why}</p>}
    </main>
  )
}
