import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { SoundProcess } from './sound-process.ts'

test('the sound goes on for half a minute without a server, and then nobody waits any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-alone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const none = () => {}
  const sound = new SoundProcess(
    { folder, secret: 'a secret', ice_servers: [], log: pino({ level: 'silent' }) },
    { ready: none, gone: none, report: none, lost: none, fetch: () => Promise.reject(new Error('none')) }
  )
  await sound.start()
  const { pid = 0 } = sound
  await sound.leave()
  await delay(25_000) // the time is the other process's own
  expect(process.kill(pid, 0)).toBe(true)
  const ask = async () => process.kill(pid, 0)
  await expect.poll(() => ask().catch(() => 'gone'), { timeout: 20_000, interval: 500 }).toBe('gone')
}, 60_000)
