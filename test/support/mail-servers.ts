import type { AddressInfo } from 'node:net'
import hoodiecrow, { type ImapServer } from 'hoodiecrow-imap'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

/** A letter that the server of mail has taken, with whom its envelope named. */
export interface Taken {
  readonly from: string
  readonly to: readonly string[]
  readonly mail: ParsedMail
}

/** Servers of mail on this machine, from npm: one that takes letters, and a mailbox that is read. */
export interface MailServers {
  readonly taken: Taken[]
  /** What the next letters are answered with; undefined: they are taken. */
  answer: { readonly code: number; readonly text: string } | undefined
  /** A letter comes into the mailbox. */
  arrive(raw: string | readonly string[]): void
  /** The mailbox has new UIDs for its letters. */
  renumber(): void
  /** Everybody who reads the mailbox is hung up on; whether it comes back at once. */
  hangUp(): Promise<void>
  readonly imap: ImapServer
  readonly configuration: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export const login = { username: 'desk', password: 'a-password-for-tests' }

export async function mailServers(): Promise<MailServers> {
  const taken: Taken[] = []
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth: ({ username, password }, _session, done) => {
      if (username === login.username && password === login.password) done(null, { user: username })
      else done(new Error('wrong password'))
    },
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        const { answer } = servers
        if (answer) return done(Object.assign(new Error(answer.text), { responseCode: answer.code }))
        const { mailFrom, rcptTo } = session.envelope
        taken.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), mail })
        return done()
      }, done)
    }
  })
  smtp.on('error', () => {}) // who hangs up is no trouble here
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const imap = hoodiecrow({
    plugins: ['ID', 'IDLE', 'UNSELECT', 'UIDPLUS', 'ENABLE', 'LITERALPLUS'],
    users: { [login.username]: { password: login.password } },
    storage: { INBOX: { messages: [] } }
  })
  const sockets = new Set<import('node:net').Socket>()
  imap.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => imap.listen(0, resolve))
  const servers: MailServers = {
    taken,
    answer: undefined,
    imap,
    arrive(raw) {
      imap.appendMessage('INBOX', [], false, typeof raw === 'string' ? raw : raw.join('\r\n'))
    },
    renumber() {
      const inbox = imap.folderCache.INBOX
      if (!inbox) throw new Error('there is no mailbox')
      inbox.uidvalidity = (inbox.uidvalidity ?? 1) + 1
      for (const [n, message] of inbox.messages.entries()) message.uid = 1001 + n
      inbox.uidnext = 1001 + inbox.messages.length
    },
    async hangUp() {
      for (const socket of sockets) socket.destroy()
    },
    configuration: {
      smtp_host: '127.0.0.1',
      smtp_port: (smtp.server.address() as AddressInfo).port,
      smtp_security: 'none',
      imap_host: '127.0.0.1',
      imap_port: (imap.server.address() as AddressInfo).port,
      imap_security: 'none',
      poll_s: 1,
      username: login.username
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([
        new Promise<void>((resolve) => smtp.close(resolve)),
        new Promise<void>((resolve) => imap.close(resolve))
      ])
    }
  }
  return servers
}
