/// <reference path="../../packages/server/src/carriers/smpp-library.d.ts" />
import type { AddressInfo, Socket } from 'node:net'
import smpp, { type PDU, type Session } from 'smpp'

/** A text that the center has taken, as its parts came. */
export interface Submitted {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly udh: readonly number[] | undefined
  readonly wantsReceipt: boolean
}

/** A message center on this machine: the library's own server side, which can also misbehave. */
export interface MessageCenter {
  readonly port: number
  readonly submitted: Submitted[]
  /** The status that the next submissions are answered with; null: they are not answered at all. */
  status: number | null
  /** Delivers a text of a phone; resolves with the status of the answer. */
  deliver(parameters: Readonly<Record<string, unknown>>): Promise<number>
  /** Tells what has become of a text. */
  receipt(submitted: Submitted, stat: string, more?: Readonly<Record<string, unknown>>): Promise<number>
  /** Sends bytes that are no PDU. */
  babble(bytes: Buffer): void
  hangUp(): void
  /** Binds that stand now. */
  readonly bound: number
  /** Binds that there have been. */
  readonly binds: number
  close(): Promise<void>
}

export const smppLogin = { system_id: 'desk', password: 'secret' }

export async function messageCenter(port = 0): Promise<MessageCenter> {
  const submitted: Submitted[] = []
  const sessions = new Set<Session>()
  const sockets = new Set<Socket>()
  let binds = 0
  let next = 0
  const server = smpp.createServer((session) => {
    sockets.add(session.socket)
    session.on('error', () => {})
    session.on('close', () => {
      sessions.delete(session)
      sockets.delete(session.socket)
    })
    session.on('pdu', (pdu: PDU) => {
      if (pdu.isResponse()) return
      if (pdu.command === 'bind_transceiver') {
        const isRight = pdu.system_id === smppLogin.system_id && pdu.password === smppLogin.password
        session.send(pdu.response({ command_status: isRight ? 0 : 0x0e, system_id: 'center' }))
        if (isRight) {
          binds += 1
          sessions.add(session)
        }
      } else if (pdu.command === 'submit_sm') {
        const { status } = center
        if (status === null) return
        if (status !== 0) {
          session.send(pdu.response({ command_status: status }))
          return
        }
        next += 1
        const one = readSubmission(pdu, `00A${next}`)
        submitted.push(one)
        session.send(pdu.response({ message_id: one.id }))
      } else session.send(pdu.response())
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const current = () => {
    const session = [...sessions].at(-1)
    if (!session) throw new Error('nobody is bound')
    return session
  }
  const asked = (command: string, parameters: Readonly<Record<string, unknown>>) =>
    new Promise<number>((resolve, reject) => {
      const session = current()
      session.once('close', () => reject(new Error('the connection has ended')))
      session.send(new smpp.PDU(command, parameters), ({ command_status }) => resolve(command_status))
    })
  const center: MessageCenter = {
    port: (server.address() as AddressInfo).port,
    submitted,
    status: 0,
    deliver: (parameters) =>
      asked('deliver_sm', {
        source_addr_ton: 1,
        source_addr_npi: 1,
        dest_addr_ton: 1,
        dest_addr_npi: 1,
        ...parameters
      }),
    receipt: ({ id, from, to }, stat, more = {}) =>
      asked('deliver_sm', {
        source_addr: to,
        destination_addr: from,
        esm_class: 0x04,
        data_coding: 0,
        short_message: Buffer.from(
          `id:${id.replace(/^0+/, '').toLowerCase()} sub:001 dlvrd:001 submit date:2603020900 done date:2603020901 stat:${stat} err:004 text:`
        ),
        ...more
      }),
    babble: (bytes) => {
      for (const socket of sockets) socket.write(bytes)
    },
    hangUp: () => {
      for (const socket of sockets) socket.destroy()
    },
    get bound() {
      return sessions.size
    },
    get binds() {
      return binds
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }
  return center
}

function readSubmission(pdu: PDU, id: string): Submitted {
  const { message, udh } = pdu.short_message as { message: string | Buffer; udh?: Buffer[] } // as the library decodes it
  return {
    id,
    from: String(pdu.source_addr),
    to: String(pdu.destination_addr),
    text: String(message),
    udh: udh?.[0] && [...udh[0]],
    wantsReceipt: pdu.registered_delivery === 1
  }
}
