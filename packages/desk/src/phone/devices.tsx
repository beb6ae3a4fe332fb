import { useEffect, useState } from 'react'
import { messageOfError } from '../api/api.ts'
import { useWords } from '../words/words.ts'
import { chooseMicrophone, chooseSpeaker, soundDevices } from './phone.ts'
import { tryDevices } from './try-devices.ts'

/** Which microphone and which loudspeaker are used, and whether they work. */
export function Devices() {
  const { phone: text } = useWords()
  const [chosen, setChosen] = useState(soundDevices)
  const { microphones, microphone, speakers, speaker } = chosen
  const [isTrying, setTrying] = useState(false)
  const choose = async (done: Promise<boolean>) => {
    await done
    setChosen(soundDevices())
  }
  return (
    <div className="phone-devices">
      <label>
        {text.microphone}
        <select value={microphone} onChange={({ target }) => choose(chooseMicrophone(target.value))}>
          {microphones.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {speakers.length > 0 && (
        <label>
          {text.speaker}
          <select value={speaker} onChange={({ target }) => choose(chooseSpeaker(target.value))}>
            {speakers.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="button" className="button small" aria-pressed={isTrying} onClick={() => setTrying(!isTrying)}>
        {isTrying ? text.stopTrying : text.tryDevices}
      </button>
      {isTrying && <Trial key={`${microphone} ${speaker}`} microphone={microphone} speaker={speaker} />}
    </div>
  )
}

function Trial({ microphone, speaker }: { readonly microphone: string; readonly speaker: string }) {
  const { phone: text } = useWords()
  const [level, setLevel] = useState(0)
  const [why, setWhy] = useState<string>()
  useEffect(() => {
    const trial = tryDevices({ microphone, speaker }, setLevel)
    trial.catch((error: unknown) => setWhy(messageOfError(error)))
    return () => void trial.then((stop) => stop()).catch(() => {})
  }, [microphone, speaker])
  if (why !== undefined) return <p className="phone-why">{why}</p>
  return (
    <>
      <p className="hint">{text.trying}</p>
      <meter min={0} max={1} value={level} aria-label={text.level} />
    </>
  )
}
