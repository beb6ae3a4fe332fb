import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { NoteSound } from '@ringdown/engine/voice/sound'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { Switchboard, type VoiceLedger } from './switchboard.ts'

/* What happens on a leg is kept, in order and once, whatever becomes of the store meanwhile. */

const call_sid = `CA${'1'.repeat(32)}`

class Refused extends Error {}

/** A ledger whose store is away for some time. */
function ledgerOf(answers: readonly ('kept' | 'away' | 'refused')[]) {
  const kept: LegReport[] = []
  const asked: string[] = []
  const noted: NoteSound[] = []
  let heard = 0
  const leg: VoiceLeg = {
    ...{
      call_sid,
      revision: 1,
      wanted: 'up',
      address: { sdk: { identity: 'ada' } },
      from: '+15550100',
      to: 'client:ada'
    },
    ...{ plays: null, hears: [], listens: { digits: true }, records: [], dialog: null }
  }
  const ledger: VoiceLedger = {
    legs: () => [{ leg, heard }],
    leg: (sid) => (sid === call_sid ? { leg, heard } : undefined),
    async report(report) {
      const answer = answers[asked.length] ?? 'kept'
      asked.push(report.event.type)
      if (answer === 'away') throw new Error('nobody knows whether it is kept')
      if (answer === 'refused') throw new Refused()
      if (report.number <= heard) return
      heard = report.number
      kept.push(report)
    },
    arrive: () => Promise.reject(new Error('nobody calls')),
    subscribe: () => () => {},
    fetch: () => Promise.reject(new Error('nothing is played')),
    keep: () => Promise.resolve(null),
    async note(sound) {
      noted.push(sound)
    },
    isRefusal: (error) => error instanceof Refused
  }
  const board = new Switchboard({ ledger, sound: undefined, log: pino({ level: 'silent' }) })
  const digits = () => kept.map(({ event }) => (event.type === 'digit' ? event.digit : event.type)).join('')
  return { board, ledger, asked, kept, noted, digits }
}

it('is told again until it is kept, and what comes after it waits', async () => {
  const { board, asked, digits } = ledgerOf(['away', 'away'])
  for (const digit of '123') board.event(call_sid, { type: 'digit', digit })
  await expect.poll(digits, { timeout: 10_000 }).toBe('123')
  expect(asked).toHaveLength(5)
  await board.close()
})

it('is not told again where it is refused, and others are kept', async () => {
  const { board, asked, digits } = ledgerOf(['kept', 'refused'])
  for (const digit of '123') board.event(call_sid, { type: 'digit', digit })
  await expect.poll(digits, { timeout: 10_000 }).toBe('13')
  expect(asked).toHaveLength(3)
  await board.close()
})

it('is that it has failed, once the process of the sound has been away for too long, which is told as well', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-switchboard-'))
  const { ledger, kept, noted } = ledgerOf([])
  // It is started again at once, and takes longer than anybody waits here.
  const sound = { folder, secret: 'a secret', ice_servers: [] }
  const board = new Switchboard({ ledger, sound, log: pino({ level: 'silent' }), patience_ms: 1 })
  try {
    expect(await board.need()).toBeDefined()
    process.kill(board.sound?.pid ?? 0, 'SIGKILL')
    await expect
      .poll(() => kept.map(({ event }) => event), { timeout: 20_000 })
      .toEqual([{ type: 'ended', status: 'failed', by: 'network' }])
    await expect
      .poll(() => noted.map(({ is, calls }) => [is, calls]), { timeout: 20_000 })
      .toEqual([
        ['gone', 1],
        ['back', 0]
      ])
  } finally {
    await board.sound?.stop()
    await board.close()
    rmSync(folder, { recursive: true, force: true })
  }
}, 60_000)

it('is that it has failed, where the process of the sound does not come up at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-switchboard-'))
  const occupied = join(folder, 'a-file')
  writeFileSync(occupied, '')
  const { ledger, kept, noted } = ledgerOf([])
  const sound = { folder: join(occupied, 'sound'), secret: 'a secret', ice_servers: [] }
  const board = new Switchboard({ ledger, sound, log: pino({ level: 'silent' }) })
  try {
    expect(await board.need()).toBeUndefined()
    await expect.poll(() => kept).toMatchObject([{ event: { type: 'ended', status: 'failed', by: 'network' } }])
    expect(noted).toMatchObject([{ is: 'gone', calls: 1, reason: expect.stringMatching(/ENOTDIR|EEXIST|ENOENT/) }])
    // Nobody numbers what devices do meanwhile: it is kept as it comes.
    board.event(call_sid, { type: 'digit', digit: '1' })
    await expect.poll(() => kept).toMatchObject([{ number: 1 }, { number: 2, event: { digit: '1' } }])
  } finally {
    await board.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

it('is given up with the server, which waits for nothing that cannot be kept', async () => {
  const { board, kept } = ledgerOf(Array.from({ length: 100 }, () => 'away' as const))
  board.event(call_sid, { type: 'digit', digit: '1' })
  await board.close()
  expect(kept).toEqual([])
})
