import { createServer, type Server, type Socket } from 'node:net'
import fc from 'fast-check'
import smpp from 'smpp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BoundSession } from './smpp-session.ts'
import { smppSettings } from './smpp-settings.ts'

/** Somebody who answers the bind, and then says what a test wants. */
let server: Server
let say: (socket: Socket) => void

beforeEach(async () => {
  say = () => {}
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bind) => {
      const answer = new smpp.PDU('bind_transceiver_resp', { sequence_number: bind.readUInt32BE(12) })
      socket.write(answer.toBuffer())
      say(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

function bind(more: Readonly<Record<string, unknown>> = {}): Promise<BoundSession> {
  const { port } = server.address() as { port: number } // it listens on a port
  const configuration = JSON.stringify({ host: '127.0.0.1', port, system_id: 'desk', response_s: 1, ...more })
  const settings = smppSettings({ carrier: { configuration }, secrets: {} })
  return BoundSession.bind(settings, { allowPrivate: true }, AbortSignal.timeout(5000))
}

const pdus = fc.array(
  fc.tuple(
    fc.constantFrom(0, 1, 15, 16, 17, 33, 'whole' as const, 0x7fffffff),
    fc.constantFrom(0x05, 0x80000004, 0x80000009, 0x15, 0x103, 0x102, 0x0b, 0x80000000, 0x12345),
    fc.nat(0x70000000),
    fc.uint8Array({ maxLength: 80 })
  ),
  { minLength: 1, maxLength: 6 }
)

test('no bytes of the other side do more than end the session', async () => {
  const endings = new Set<boolean>()
  await fc.assert(
    fc.asyncProperty(pdus, async (told) => {
      const bytes = told.map(([length, id, sequence, rest]) => {
        const head = Buffer.alloc(16)
        head.writeUInt32BE(length === 'whole' ? 16 + rest.length : length, 0)
        head.writeUInt32BE(id, 4)
        head.writeUInt32BE(sequence, 12)
        return Buffer.concat([head, rest])
      })
      say = (socket) => {
        socket.write(Buffer.concat(bytes))
        setTimeout(() => socket.resetAndDestroy(), 10)
      }
      // What follows the answer to the bind at once may end it before anybody has seen that.
      const session = await bind().catch(() => undefined)
      if (!session) return
      session.onPdu((pdu) => session.answer(pdu))
      const failure = await session.over
      endings.add(failure === undefined)
    }),
    { numRuns: 60 }
  )
  expect(endings.size).toBeGreaterThan(0)
})

test('what comes in one piece with the answer to the bind is heard', async () => {
  say = (socket) => socket.write(new smpp.PDU('enquire_link', { sequence_number: 7 }).toBuffer())
  const session = await bind()
  const heard = await new Promise((resolve) => session.onPdu((pdu) => resolve(pdu.command)))
  expect(heard).toBe('enquire_link')
  session.end()
  await session.over
})

test('who is silent after the bind is noticed', async () => {
  const session = await bind({ enquire_s: 1 })
  await expect(session.over).resolves.toMatchObject({ message: 'no answer to enquire_link' })
})

test('who takes the connection and says nothing is given up', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number } // it listens on a port
  await expect(bind({ port })).rejects.toThrow(/no answer to bind_transceiver/)
  silent.close()
})
