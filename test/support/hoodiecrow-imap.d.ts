/** What is used of the library, which brings no types. */
declare module 'hoodiecrow-imap' {
  import type { Server } from 'node:net'

  interface Mailbox {
    uidvalidity?: number
    uidnext?: number
    messages: { raw?: string; uid?: number; flags: string[] }[]
  }

  export interface ImapServer {
    readonly server: Server
    readonly folderCache: Record<string, Mailbox>
    listen(port: number, done: () => void): void
    close(done: () => void): void
    appendMessage(mailbox: string, flags: readonly string[], internaldate: Date | false, raw: string): void
  }

  export default function hoodiecrow(options: {
    readonly plugins: readonly string[]
    readonly users: Readonly<Record<string, { readonly password: string }>>
    readonly storage: Readonly<Record<string, { readonly messages: readonly { readonly raw: string }[] }>>
  }): ImapServer
}
