import { once } from 'node:events'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TokenCaller, Tokens } from '../../access/tokens.ts'
import { Switchboard, type VoiceLedger } from '../../voice/switchboard.ts'
import { VoiceDevices } from './devices.ts'
import { mountVoiceSdk } from './signal.ts'

const account_sid = `AC${'0'.repeat(32)}`
const log = pino({ level: 'silent' })

/** Nobody is on a call. */
const ledger: VoiceLedger = {
  legs: () => [],
  leg: () => undefined,
  report: () => Promise.resolve(),
  arrive: () => Promise.reject(new Error('nobody calls')),
  subscribe: () => () => {},
  fetch: () => Promise.reject(new Error('nothing is played')),
  keep: () => Promise.resolve(null),
  isRefusal: () => false
}

it('a device that answers no heartbeat is not rung any more: its network is gone, and has closed nothing', async () => {
  const switchboard = new Switchboard({ ledger, sound: undefined, log })
  const devices = new VoiceDevices({ account_sid, switchboard, reconnectKey: Buffer.from('a key'), log })
  switchboard.start(devices)
  const app = fastify()
  const caller = { account_sid, expires_at: Date.now() + 3_600_000, standing: () => ({}) }
  mountVoiceSdk(app, {
    tokens: { caller: async () => caller as unknown as TokenCaller } as unknown as Tokens, // as: who brings a token is another test's business
    devices: () => devices,
    permission: () => ({ identity: 'ada', incoming: true, outgoing: undefined }),
    machineNow: () => Date.now(),
    log,
    beat_ms: 500
  })
  onTestFinished(async () => {
    await app.close()
    devices.close()
    await switchboard.close()
  })
  const url = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  /** How many heartbeats a device was sent. */
  const opened = async (answers: boolean) => {
    const socket = new WebSocket(`${url}/signal`)
    const told = { beats: 0, isClosed: false }
    socket.on('message', (data) => {
      if (String(data) !== '\n') return
      told.beats++
      if (answers) socket.send('\n')
    })
    socket.on('close', () => {
      told.isClosed = true
    })
    await once(socket, 'open')
    for (const [type, payload] of [
      ['listen', { token: 'a token' }],
      ['register', { media: { audio: true } }]
    ] as const)
      socket.send(JSON.stringify({ type, payload, version: '1.6' }))
    return told
  }
  const [silent, alive] = [await opened(false), await opened(true)]
  await expect.poll(() => devices.present('ada'), { timeout: 15_000 }).toBe(2)
  await expect.poll(() => silent.isClosed, { timeout: 15_000 }).toBe(true)
  expect(silent.beats).toBeLessThan(3)
  await expect.poll(() => alive.beats, { timeout: 15_000 }).toBeGreaterThan(3)
  expect([alive.isClosed, devices.present('ada')]).toEqual([false, 1])
})
