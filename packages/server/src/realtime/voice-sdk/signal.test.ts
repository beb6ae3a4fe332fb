import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LegDown, LegEvent, VoiceLeg } from '@ringdown/contract/voice-leg'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { TokenCaller, Tokens } from '../../access/tokens.ts'
import { possibleSound } from '../../voice/possible-sound.ts'
import { Switchboard, type SwitchboardOptions, type VoiceLedger } from '../../voice/switchboard.ts'
import { type VoiceDevice, VoiceDevices, type VoicePermission } from './devices.ts'
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

const callsid = `CA${'1'.repeat(32)}`
const leg: VoiceLeg = {
  ...{ call_sid: callsid, revision: 1, wanted: 'up', address: { sdk: { identity: 'ada' } } },
  ...{ from: '+15550100', to: 'client:ada', plays: null, hears: [], listens: null, records: [], dialog: null }
}

/** Devices of an account without sound, a page of Ada's with what it is told, and what is reported of legs. */
function floor({
  outgoing,
  sound
}: Partial<Pick<VoicePermission, 'outgoing'> & Pick<SwitchboardOptions, 'sound'>> = {}) {
  const reports: LegEvent[] = []
  const kept: VoiceLedger = {
    ...ledger,
    legs: () => [{ leg, heard: 0 }],
    report: async ({ event }) => void reports.push(event)
  }
  const switchboard = new Switchboard({ ledger: kept, sound, log })
  const reconnectKey = Buffer.from('a key')
  const patience = { fresh_ms: 50, failed_ms: 50 }
  const devices = new VoiceDevices({ account_sid, switchboard, reconnectKey, log, patience })
  onTestFinished(async () => {
    devices.close()
    await switchboard.sound?.stop()
    await switchboard.close()
  })
  const told: unknown[] = []
  const device: VoiceDevice = {
    ...{ id: 'a page', actor: undefined, isRegistered: true },
    permission: { identity: 'ada', incoming: true, outgoing },
    say: (type, payload) => told.push({ type, ...payload })
  }
  /** The page comes again, after a start of the server, for a call that is under way. */
  const comesAgain = async () => {
    devices.leg(leg, true)
    const reconnect = createHmac('sha256', reconnectKey).update(`${callsid}/ada`).digest('base64url')
    await devices.take(device, { type: 'invite', payload: { callsid, sdp: 'v=0', reconnect } })
  }
  return { devices, device, told, reports, comesAgain }
}

it.each<[LegDown, object | undefined]>([
  ['completed', undefined],
  ['busy', undefined],
  ['failed', { code: 31_005, message: 'Connection error' }]
])('whoever talked is told whether a call was hung up or broke off: %s', async (reason, error) => {
  const { devices, told, comesAgain } = floor()
  await comesAgain()
  devices.leg({ ...leg, revision: 2, wanted: 'down', reason }, false)
  expect(told).toEqual([{ type: 'hangup', callsid, ...(error && { error }) }])
})

it('a connection that has failed, and that its page does not make anew, ends the call', async () => {
  const { devices, device, reports, comesAgain } = floor()
  await comesAgain()
  devices.lost(callsid, device.id)
  await expect.poll(() => reports, { timeout: 10_000 }).toEqual([{ type: 'ended', status: 'completed', by: 'network' }])
})

it.skipIf(possibleSound().webrtc === undefined)(
  'one that never comes about ends it as such, so that the worker is rung once more',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringdown-devices-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const { devices, device, told, reports } = floor({ sound: { folder, secret: 'a secret', ice_servers: [] } })
    devices.register(device)
    devices.leg({ ...leg, wanted: 'ring' }, false)
    await expect.poll(() => told.at(-1), { timeout: 10_000 }).toMatchObject({ type: 'invite', callsid })
    devices.take(device, { type: 'answer', payload: { callsid, sdp: 'this is no description' } })
    devices.leg({ ...leg, revision: 2 }, false)
    await expect
      .poll(() => reports.at(-1), { timeout: 10_000 })
      .toEqual({
        ...{ type: 'ended', status: 'failed', by: 'network', never_connected: true }
      })
  }
)

it('a device calls nobody where there is no sound, as on a test clock, and is told so', async () => {
  const { devices, device, told } = floor({ outgoing: { application_sid: `AP${'0'.repeat(32)}`, params: {} } })
  await devices.take(device, { type: 'invite', payload: { callsid: 'TJS1', sdp: 'v=0' } })
  const error = { code: 31_005, message: 'There is no sound on this server' }
  expect(told).toEqual([{ type: 'hangup', callsid: 'TJS1', error }])
})
