import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { MediaRow } from '@ringdown/engine/media/rows'
import type { FastifyReply } from 'fastify'
import type { Media } from '../media/media.ts'
import { HttpRefusal } from './errors.ts'

/** Conversions at once; an hour of speech takes some seconds of a processor. */
const maxRunning = 2
let running = 0

const notHere = {
  status: 406,
  code: 20406,
  message: 'MP3 is made where ffmpeg is installed, and it is not here: ask for .wav'
}
const busy = { status: 429, code: 20429, message: 'Too many recordings are being converted: try again later' }

/**
 * Answers the sound of a file as MP3, made by `ffmpeg` while it is sent. Resolves with the status when all has left. Throws
 * 404 where its bytes are lost, 406 where there is no `ffmpeg`, and 429 while others are being converted.
 */
export async function sendMp3(reply: FastifyReply, media: Media, row: MediaRow): Promise<number> {
  if (running >= maxRunning) throw new HttpRefusal(busy)
  running++
  let bytes: Readable | undefined
  try {
    bytes = await media.read(row)
    if (!bytes)
      throw new HttpRefusal({ status: 404, code: 20404, message: `The bytes of Media ${row.sid} are not there` })
    const program = await converter()
    const ended = once(program, 'close')
    const fed = pipeline(bytes, program.stdin).catch(() => {}) // whoever hangs up ends it
    reply.raw.writeHead(200, {
      'Content-Type': 'audio/mpeg',
      'Cache-Control': 'private, no-cache',
      'X-Content-Type-Options': 'nosniff'
    })
    try {
      await pipeline(program.stdout, reply.raw)
    } finally {
      program.kill()
      bytes.destroy()
      await Promise.all([fed, ended])
    }
    return 200
  } finally {
    bytes?.destroy()
    running--
  }
}

type Converter = ChildProcess & Required<{ [S in 'stdin' | 'stdout']: NonNullable<ChildProcess[S]> }>

/** Started, or refused. It reads what it is given and nothing else. */
async function converter(): Promise<Converter> {
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'pipe', '-f', 'wav', '-i', 'pipe:0']
  const program = spawn('ffmpeg', [...input, '-f', 'mp3', '-b:a', '48k', 'pipe:1'], {
    stdio: ['pipe', 'pipe', 'ignore']
  }) as Converter // as: both are pipes
  program.stdin.on('error', () => {}) // told by the pipeline
  try {
    await once(program, 'spawn')
  } catch {
    throw new HttpRefusal(notHere)
  }
  return program
}
