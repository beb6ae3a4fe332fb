import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { LegDown, VoiceLeg } from '@ringdown/contract/voice-leg'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TokenCaller, Tokens } from '../../access/tokens.ts'
import { Switchboard, type VoiceLedger } from '../../voice/switchboard.ts'
import { type VoiceDevice, VoiceDevices } from './devices.ts'
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
  note: () => Promise.resolve(),
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

it.each<[LegDown, object | undefined]>([
  ['completed', undefined],
  ['busy', undefined],
  ['failed', { code: 31_005, message: 'Connection error' }]
])('whoever talked is told whether a call was hung up or broke off: %s', async (reason, error) => {
  const switchboard = new Switchboard({ ledger, sound: undefined, log })
  const key = Buffer.from('a key')
  const devices = new VoiceDevices({ account_sid, switchboard, reconnectKey: key, log })
  onTestFinished(() => devices.close())
  const told: unknown[] = []
  const device: VoiceDevice = {
    ...{ id: 'a page', actor: undefined, isRegistered: true },
    permission: { identity: 'ada', incoming: true, outgoing: undefined },
    say: (type, payload) => told.push({ type, ...payload })
  }
  const callsid = `CA${'1'.repeat(32)}`
  const leg: VoiceLeg = {
    ...{ call_sid: callsid, revision: 1, wanted: 'up', address: { sdk: { identity: 'ada' } } },
    ...{ from: '+15550100', to: 'client:ada', plays: null, hears: [], listens: null, records: [], dialog: null }
  }
  // It has come again after a start of the server.
  devices.leg(leg, true)
  const reconnect = createHmac('sha256', key).update(`${callsid}/ada`).digest('base64url')
  await devices.take(device, { type: 'invite', payload: { callsid, sdp: 'v=0', reconnect } })
  devices.leg({ ...leg, revision: 2, wanted: 'down', reason }, false)
  expect(told).toEqual([{ type: 'hangup', callsid, ...(error && { error }) }])
})
