import type { AddressInfo } from 'node:net'
import type { CommandOf } from '@ringdown/engine/commands'
import smpp, { type PDU, type Session } from 'smpp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Unavailable } from '../commit/ledger.ts'
import type { CarrierConnection, CarrierContext, ConnectionContext } from './carrier.ts'
import { smppCarrier } from './smpp.ts'

/* A center that delivers again what was not taken, by the same bind and under a new number. */

let server: ReturnType<typeof smpp.createServer>
let bound: Promise<Session>
let connection: CarrierConnection | undefined

beforeEach(async () => {
  bound = new Promise((resolve) => {
    server = smpp.createServer((session) => {
      session.on('error', () => {})
      session.on('pdu', (pdu: PDU) => {
        if (pdu.isResponse()) return
        session.send(pdu.response())
        if (pdu.command === 'bind_transceiver') resolve(session)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await connection?.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

test('what may have been kept although it was not answered keeps its name', async () => {
  const { port } = server.address() as AddressInfo // it listens on a port
  const kept: string[] = []
  let isUnsure = true
  const execute = async ({ provider_sid }: CommandOf<'channel_message.receive'>) => {
    kept.push(provider_sid)
    if (isUnsure) throw new Unavailable('the store does not answer')
  }
  const context = {
    carrier: {
      sid: 'XC1',
      senders: ['+37256'],
      configuration: JSON.stringify({ host: '127.0.0.1', port, system_id: 'desk' })
    },
    secrets: {},
    allowPrivate: true,
    ledger: { execute, settled: async () => {}, page: async () => [] },
    agree: async () => undefined,
    note: () => {},
    now: () => Date.now(),
    log: { warn: () => {} }
  } as unknown as ConnectionContext // what a delivery needs of it
  connection = smppCarrier.connect?.(context)
  const session = await bound
  const say = (short_message: string) =>
    new Promise<number>((resolve) => {
      const text = { source_addr: '336', destination_addr: '37256', data_coding: 0, short_message }
      session.send(new smpp.PDU('deliver_sm', text), ({ command_status }: PDU) => resolve(command_status))
    })
  expect([await say('Ok'), await say('Hello')]).toEqual([0x64, 0x64])
  isUnsure = false
  expect([await say('Hello'), await say('Ok'), await say('Ok')]).toEqual([0, 0, 0])
  const [first, second, third, fourth, fifth] = kept
  expect([third, fourth]).toEqual([second, first])
  // What is said once more is another text.
  expect(kept.slice(0, 4)).not.toContain(fifth)
})

test('a message that is called off while others fill the window has not been given to anybody', async () => {
  const { port } = server.address() as AddressInfo // it listens on a port
  const configuration = JSON.stringify({ host: '127.0.0.1', port, system_id: 'desk', window: 1 })
  const noted: unknown[] = []
  const ledger = {
    execute: async ({ sid, is_begun }: CommandOf<'channel_message.giving'>) => {
      noted.push([sid, is_begun])
      return { before: null }
    }
  }
  const context = {
    ...{ carrier: { sid: 'XC1', senders: ['37256'], configuration }, secrets: {}, allowPrivate: true },
    ...{ ledger, note: () => {}, now: () => Date.now(), since: Date.now() }
  } as unknown as ConnectionContext & CarrierContext // what sending needs of it
  connection = smppCarrier.connect?.(context)
  const session = await bound
  await expect.poll(() => connection?.isUp).toBe(true)
  session.removeAllListeners('pdu') // it takes what comes, and answers nothing more
  const send = (sid: string, signal: AbortSignal) =>
    smppCarrier.send(
      {
        ...{ sid, from: '37256', to: '336', body: 'Hello', media: [], content_sid: null, content_variables: null },
        ...{ valid_ms: null, giving: null, told: {} }
      },
      { ...context, connection, signal }
    )
  const first = new AbortController()
  const waiting = [send('SM1', first.signal), send('SM2', AbortSignal.timeout(50))]
  expect(await waiting[1]).toMatchObject({ away: expect.stringContaining('SMPP') })
  first.abort(new Error('given up'))
  expect(await waiting[0]).toMatchObject({ away: expect.stringContaining('SMPP') })
  // The first one may be with the center; the second one is not.
  expect(noted).toEqual([
    ['SM1', true],
    ['SM2', true],
    ['SM2', false]
  ])
})
