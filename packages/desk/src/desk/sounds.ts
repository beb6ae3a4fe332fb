import { preferences } from '../app/preferences.ts'
import { Store } from '../live/store.ts'

/* What sounds. Of several tabs one does, which holds a lock. */

/** Whether the browser has refused to play anything yet. */
export const soundBlocked = new Store(false)
/** Until when nothing sounds, by the page's own run. */
export const mutedUntil = new Store(0)

let isFirst = !('locks' in navigator)
navigator.locks?.request('ringdown-ring', () => {
  isFirst = true
  return new Promise(() => {}) // held until the tab goes
})

/** Whether this is the tab that rings and notifies. */
export function isLeading(): boolean {
  return isFirst
}

let audio: AudioContext | undefined

/** Lets sound begin: to be called while somebody presses something. */
export function unlockSound(): void {
  audio ??= new AudioContext()
  void audio.resume().then(() => soundBlocked.set(audio?.state !== 'running'))
}

window.addEventListener('pointerdown', unlockSound, { once: true })
window.addEventListener('keydown', unlockSound, { once: true })

const loudest = 0.2
export const usualVolume = 0.6

function chime(notes: readonly number[]): void {
  audio ??= new AudioContext()
  if (audio.state !== 'running') {
    soundBlocked.set(true)
    return
  }
  soundBlocked.set(false)
  const maxLevel = loudest * (preferences.get().volume ?? usualVolume)
  const begin = audio.currentTime
  for (const [place, frequency] of notes.entries()) {
    const [tone, level] = [audio.createOscillator(), audio.createGain()]
    const at = begin + place * 0.16
    tone.frequency.value = frequency
    level.gain.setValueAtTime(0, at)
    level.gain.linearRampToValueAtTime(Math.max(0.0002, maxLevel), at + 0.02)
    level.gain.exponentialRampToValueAtTime(0.0001, at + 0.35)
    tone.connect(level).connect(audio.destination)
    tone.start(at)
    tone.stop(at + 0.4)
  }
}

function maySound(): boolean {
  return isFirst && preferences.get().sounds !== false && performance.now() > mutedUntil.get()
}

const ringNotes = [660, 880, 660]

/** Rings once, where this tab may. */
export function soundRing(): void {
  if (maySound()) chime(ringNotes)
}

/** Rings once because somebody asks how it sounds. */
export function testSound(): void {
  unlockSound()
  chime(ringNotes)
}

let lastMessage = Number.NEGATIVE_INFINITY

/** One short sound, at most one in three seconds over all conversations. */
export function soundMessage(): void {
  const now = performance.now()
  if (!maySound() || now - lastMessage < 3000) return
  lastMessage = now
  chime([880])
}

/** Somebody waits for a reply longer than they should. */
export function soundReminder(): void {
  if (maySound()) chime([740, 740])
}
