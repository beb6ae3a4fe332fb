import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { silentFrame } from './g711.ts'
import { Recorder, type RecorderOptions } from './recorder.ts'
import { heardOf, toneOf } from './testing/hearing.ts'
import { readWav, wavHeaderBytes } from './wav.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringdown-recorder-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function recorder(options: Partial<RecorderOptions> = {}) {
  const path = join(folder, `${++files}.wav`)
  const fail = (error: Error) => {
    throw error
  }
  return { path, recorder: new Recorder({ path, channels: 1, trim: false, onFailed: fail, ...options }) }
}

/** Half seconds of one side after the other. */
function record(one: Recorder, sides: readonly (readonly [said: number | undefined, heard: number | undefined])[]) {
  for (const [said, heard] of sides) {
    const [says, hears] = [said && toneOf(said), heard && toneOf(heard)]
    for (let i = 0; i < 25; i++) one.take(says ? says() : silentFrame, hears ? hears() : silentFrame)
  }
}

/** Which of the tones are in each half second. */
function halves(sound: Uint8Array): number[][] {
  return Array.from({ length: sound.length / 4000 }, (_, i) =>
    heardOf([500, 900], sound.subarray(i * 4000, (i + 1) * 4000))
  )
}

test('one channel has what both say', async () => {
  const { path, recorder: one } = recorder()
  record(one, [
    [500, undefined],
    [undefined, 900],
    [500, 900]
  ])
  expect(await one.end()).toBe(1500)
  expect(halves(readWav(readFileSync(path)))).toEqual([[500], [900], [500, 900]])
})

test('two channels have a side each', async () => {
  const { path, recorder: one } = recorder({ channels: 2 })
  record(one, [[500, 900]])
  expect(await one.end()).toBe(500)
  const file = readFileSync(path)
  expect(file.readUInt16LE(22)).toBe(2)
  const side = (channel: number) => file.subarray(wavHeaderBytes).filter((_, i) => i % 2 === channel)
  expect([side(0), side(1)].map((sound) => heardOf([500, 900], sound))).toEqual([[500], [900]])
})

test.each([
  ['skip', 1000, [[500], [500]]],
  ['silence', 1500, [[500], [], [500]]]
] as const)('while it is paused (%s), a card number is not in it', async (pause, ms, heard) => {
  const { path, recorder: one } = recorder()
  record(one, [[500, undefined]])
  one.pause = pause
  record(one, [[900, undefined]])
  one.pause = undefined
  record(one, [[500, undefined]])
  expect(await one.end()).toBe(ms)
  expect(halves(readWav(readFileSync(path)))).toEqual(heard)
})

test('quiet before and after is trimmed, and quiet in between is not', async () => {
  const { recorder: one } = recorder({ trim: true })
  record(one, [
    [undefined, undefined],
    [500, undefined],
    [undefined, undefined],
    [500, undefined],
    [undefined, undefined]
  ])
  expect(await one.end()).toBe(1500)
  const { recorder: nothing } = recorder({ trim: true })
  record(nothing, [[undefined, undefined]])
  expect(await nothing.end()).toBe(0)
})

test('a caller who is silent for long enough, or speaks for too long, is told once', async () => {
  const told: string[] = []
  const { recorder: one } = recorder({
    silence_ms: 1000,
    max_ms: 2500,
    onSilent: () => told.push('silent'),
    onLongest: () => told.push('longest')
  })
  record(one, [
    [500, undefined],
    [undefined, 900]
  ])
  expect(told).toEqual([])
  record(one, [
    [undefined, 900],
    [500, undefined],
    [500, undefined],
    [undefined, undefined]
  ])
  expect(told).toEqual(['silent', 'longest'])
  await one.end()
})

test('a process that dies loses a second at most, and the next one goes on with its file', async () => {
  const { path, recorder: dead } = recorder()
  record(dead, [
    [500, undefined],
    [500, undefined],
    [500, undefined]
  ]) // it is not ended
  await expect.poll(() => statSync(path).size, { timeout: 15_000 }).toBe(wavHeaderBytes + 8000)
  const { recorder: next } = recorder({ path })
  record(next, [[900, undefined]])
  expect(await next.end()).toBe(1500)
  expect(halves(readWav(readFileSync(path)))).toEqual([[500], [500], [900]])
  await dead.end() // so that its file is closed
})

test('a folder that is not there is told of once, and the call goes on', async () => {
  const failures: Error[] = []
  const one = new Recorder({
    path: join(folder, 'gone', 'a.wav'),
    channels: 1,
    trim: false,
    onFailed: (error) => failures.push(error)
  })
  record(one, [
    [500, undefined],
    [500, undefined],
    [500, undefined]
  ])
  await expect(one.end()).rejects.toThrow(/ENOENT/)
  expect(failures).toHaveLength(1)
})

test('what was written before the disk was full stays', async () => {
  const failures: string[] = []
  const { path, recorder: one } = recorder({ onFailed: ({ message }) => failures.push(message) })
  record(one, [
    [500, undefined],
    [500, undefined]
  ])
  await expect.poll(() => statSync(path).size, { timeout: 15_000 }).toBe(wavHeaderBytes + 8000)
  // From here on nothing can be written at the end of it.
  const { write } = Object.getPrototypeOf(await handleOf(path)) as FileHandle
  const full = vi.spyOn(Object.getPrototypeOf(await handleOf(path)), 'write')
  full.mockImplementation(function (this: FileHandle, ...args: unknown[]) {
    if (args[3] !== 0) return Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))
    return Reflect.apply(write, this, args)
  })
  try {
    record(one, [
      [900, undefined],
      [900, undefined]
    ])
    await expect.poll(() => failures, { timeout: 15_000 }).toEqual(['ENOSPC: no space left'])
    expect(await one.end()).toBe(1000)
  } finally {
    full.mockRestore()
  }
  expect(halves(readWav(readFileSync(path)))).toEqual([[500], [500]])
})

async function handleOf(path: string): Promise<FileHandle> {
  const handle = await open(path, 'r')
  await handle.close()
  return handle
}
