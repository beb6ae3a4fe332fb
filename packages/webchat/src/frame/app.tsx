import { chat, load, screen } from './chat.ts'
import { Composer } from './composer.tsx'
import { Form } from './form.tsx'
import { Header } from './header.tsx'
import { Over } from './over.tsx'
import { Transcript } from './transcript.tsx'
import { words } from './words.ts'

export function App() {
  const at = screen.value
  return (
    <>
      <Header />
      <Strip />
      <main>
        {at === 'loading' && <div class="loading" aria-busy="true" />}
        {at === 'failed' && (
          <div class="sorry">
            <p>{words.value.unavailable}</p>
            <button type="button" class="button" onClick={load} data-focus>
              {words.value.retry}
            </button>
          </div>
        )}
        {at === 'form' && <Form />}
        {(at === 'chat' || at === 'over') && <Transcript />}
        {at === 'over' && <Over />}
        {at === 'chat' && <Composer />}
      </main>
    </>
  )
}

/** Says when the page is not live; it goes when it is. */
function Strip() {
  const connection = chat.value?.connection
  const text =
    connection === 'offline' ? words.value.offline : connection === 'reconnecting' ? words.value.reconnecting : ''
  return (
    <div class="strip" role="status">
      {text}
    </div>
  )
}
