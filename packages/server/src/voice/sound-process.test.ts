import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type SoundEvents, SoundGone, SoundProcess } from './sound-process.ts'

const call_sid = `CA${'1'.repeat(32)}`
const leg: VoiceLeg = {
  ...{ call_sid, revision: 1, wanted: 'up', address: { sdk: { identity: 'ada' } }, from: 'client:ada', to: '' },
  ...{ plays: null, hears: [], listens: { digits: true }, records: [], dialog: null }
}

let folder: string
const servers: SoundProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-process-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A server, and what it is told. */
function server(more: Partial<SoundEvents> = {}) {
  const told: string[] = []
  const reports: LegReport[] = []
  const sound = new SoundProcess(
    { folder, secret: 'a secret', ice_servers: [], log: pino({ level: 'silent' }) },
    {
      ready: () => told.push('ready'),
      gone: () => told.push('gone'),
      report: (report) => reports.push(report),
      lost: () => {},
      fetch: () => Promise.reject(new Error('none')),
      ...more
    }
  )
  servers.push(sound)
  return { sound, told, reports }
}

describe('the process that has the sound', { timeout: 30_000 }, () => {
  test('is killed, is started again, and numbers go on where the rows have them', async () => {
    const { sound, told, reports } = server()
    await sound.start()
    sound.sendLeg({ leg, heard: 0 })
    sound.event(call_sid, { type: 'digit', digit: '1' })
    await expect.poll(() => reports.map(({ number }) => number), { timeout: 15_000 }).toEqual([1])
    const { pid } = sound
    process.kill(pid ?? 0, 'SIGKILL')
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['ready', 'gone', 'ready'])
    expect(sound.pid).not.toBe(pid)
    sound.sendLegs([{ leg, heard: 1 }])
    sound.event(call_sid, { type: 'digit', digit: '2' })
    await expect.poll(() => reports.map(({ number }) => number), { timeout: 5000 }).toEqual([1, 2])
  })

  test('is killed again and again, and each time is there again with all that it is told', {
    timeout: 60_000
  }, async () => {
    const { sound, reports } = server({
      ready: () => {
        readies++
        sound.sendLegs([{ leg, heard: reports.length }])
      }
    })
    let readies = 0
    await sound.start()
    for (let kills = 1; kills <= 3; kills++) {
      sound.event(call_sid, { type: 'digit', digit: String(kills) })
      await expect
        .poll(() => reports.map(({ number }) => number))
        .toEqual(Array.from({ length: kills }, (_, i) => i + 1))
      process.kill(sound.pid ?? 0, 'SIGKILL')
      await expect.poll(() => readies, { timeout: 20_000 }).toBe(kills + 1)
    }
    await expect.poll(async () => (await sound.figures()).legs, { timeout: 15_000 }).toBe(1)
  })

  test('outlives its server, and tells the next one what nobody has kept', async () => {
    const first = server()
    await first.sound.start()
    first.sound.sendLeg({ leg, heard: 0 })
    first.sound.event(call_sid, { type: 'digit', digit: '1' })
    first.sound.event(call_sid, { type: 'digit', digit: '2' })
    await expect.poll(() => first.reports, { timeout: 15_000 }).toHaveLength(2)
    first.sound.heard(call_sid, 1)
    await first.sound.figures() // so that it has heard that
    const { pid } = first.sound
    await first.sound.leave()

    const next = server()
    await next.sound.start()
    expect(next.sound.pid).toBeUndefined() // it has started none
    next.sound.sendLegs([{ leg, heard: 1 }])
    await expect.poll(() => next.reports.map(({ number }) => number), { timeout: 15_000 }).toEqual([2])
    expect(await next.sound.figures()).toMatchObject({ legs: 1 })
    await next.sound.stop()
    await expect.poll(() => isThere(pid), { timeout: 5000 }).toBe(false)
  })

  test('obeys nobody who does not know its secret', async () => {
    const { sound } = server()
    await sound.start()
    const stranger = new SoundProcess(
      { folder, secret: 'another', ice_servers: [], log: pino({ level: 'silent' }) },
      { ready: () => {}, gone: () => {}, report: () => {}, lost: () => {}, fetch: () => Promise.resolve('') }
    )
    const begun = stranger.start()
    await expect(Promise.race([begun, new Promise((resolve) => setTimeout(resolve, 700, 'nothing'))])).resolves.toBe(
      'nothing'
    )
    begun.catch(() => {})
    await stranger.leave()
    expect((await sound.figures()).legs).toBe(0)
  })

  test('that is not there answers nothing, and says so', async () => {
    const { sound } = server()
    await expect(sound.signal(call_sid, 'laptop', { offer: true })).rejects.toThrow(SoundGone)
  })
})

function isThere(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0)
  } catch {
    return false
  }
}
