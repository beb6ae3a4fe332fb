import type { CarrierCursor } from '@ringdown/engine/messaging/rows'
import type { ImapFlow } from 'imapflow'
import { Unavailable } from '../commit/ledger.ts'
import type { CarrierContext, ConnectionContext } from './carrier.ts'
import { dialed } from './dial.ts'
import type { EmailSettings } from './email-settings.ts'
import { Patient } from './kept-link.ts'
import { readLetter } from './letter.ts'
import { takeLetter } from './take-letter.ts'

type Settings = NonNullable<EmailSettings['imap']>

type MailboxContext = ConnectionContext & { readonly max_bytes: number }

/** Letters that are read before it is noted how far. */
const batch = 20
/** Bytes of a letter that is too long: its text is in front. */
const headBytes = 256 * 1024
/** How often a letter that cannot be taken in is tried before the next one is read. */
const maxTries = 3
/** Milliseconds that are waited after a wrong password, at least. */
const refused_ms = 30_000

/**
 * Reads a mailbox by IMAP, from where it was last read (reference messaging 19). How far that is follows from UIDs, and is kept
 * with the carrier once the letters are durable; letters that are read again are known by their Message-IDs.
 */
export class Mailbox {
  readonly #settings: Settings
  readonly #context: MailboxContext
  /** Letters that could not be taken in, by UID, with how often that was tried. */
  readonly #tries = new Map<number, number>()

  constructor(settings: Settings, context: MailboxContext) {
    this.#settings = settings
    this.#context = context
  }

  /** Tries to open the mailbox; resolves with null. Rejects with why it cannot be opened. */
  static async test(settings: Settings, surroundings: Pick<CarrierContext, 'allowPrivate'>): Promise<string | null> {
    const client = await clientOf(settings, surroundings)
    try {
      await client.connect()
      await client.mailboxOpen(settings.mailbox, { readOnly: true })
      return null
    } finally {
      client.close()
    }
  }

  /** Connects, and reads what comes until the connection or `signal` ends it. */
  async session(up: () => void, signal: AbortSignal): Promise<void> {
    const { mailbox, poll_ms } = this.#settings
    const client = await clientOf(this.#settings, this.#context)
    const bell = new Bell()
    let failure: unknown
    client.on('error', (error: unknown) => {
      failure ??= error
      bell.ring()
    })
    client.on('close', () => bell.ring())
    client.on('exists', () => bell.ring())
    const stop = () => {
      bell.ring()
      client.close()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      await client.connect().catch(refusal)
      const { uidValidity } = await client.mailboxOpen(mailbox)
      up()
      while (!signal.aborted && client.usable) {
        await this.#readNew(client, Number(uidValidity), signal)
        // Idling tells at once what comes; the next command ends it.
        if (client.usable) client.idle().catch(() => false)
        await bell.rung(poll_ms)
        if (!signal.aborted && client.usable) await client.noop()
      }
      if (failure && !signal.aborted) throw failure
    } finally {
      signal.removeEventListener('abort', stop)
      client.close()
    }
  }

  async #readNew(client: ImapFlow, uid_validity: number, signal: AbortSignal): Promise<void> {
    const cursor = this.#cursor()
    const found = await this.#newUids(client, uid_validity, cursor)
    let last = cursor?.uid_validity === uid_validity ? Number(cursor.uid) : 0
    let read = 0
    for (const uid of found) {
      if (signal.aborted) return
      await this.#take(client, uid)
      last = Math.max(last, uid)
      read += 1
      if (read % batch === 0) await this.#note(uid_validity, last)
    }
    if (read > 0 || cursor?.uid_validity !== uid_validity) await this.#note(uid_validity, last)
  }

  #cursor(): CarrierCursor | null {
    const { ledger, carrier } = this.#context
    return ledger.state.find('carrier', carrier.sid)?.cursor ?? null
  }

  /**
   * UIDs that were not read, in their order. A mailbox that was never read is read from its unread letters on; one that has
   * new UIDs for its letters is read from a week before the last one, and what is known of that is known.
   */
  async #newUids(client: ImapFlow, uid_validity: number, cursor: CarrierCursor | null): Promise<readonly number[]> {
    if (cursor?.uid_validity === uid_validity) {
      const after = Number(cursor.uid)
      // `*` is the last letter, whatever its UID.
      const uids = await client.search({ uid: `${after + 1}:*` }, { uid: true })
      return sorted(uids).filter((uid) => uid > after)
    }
    const since = cursor && new Date(Number(cursor.read_at) - week_ms)
    return sorted(await client.search(since ? { since } : { seen: false }, { uid: true }))
  }

  /** Takes in one letter. One that cannot be read stays where it is, unread, with one line in the log. */
  async #take(client: ImapFlow, uid: number): Promise<void> {
    const { log, max_bytes } = this.#context
    const query = { uid: true }
    const about = await client.fetchOne(String(uid), { size: true }, query)
    if (!about) return // somebody else has removed it
    const isWhole = (about.size ?? 0) <= max_bytes
    const source = isWhole ? true : { start: 0, maxLength: headBytes }
    const fetched = await client.fetchOne(String(uid), { source }, query)
    if (!fetched || fetched.source === undefined) return
    try {
      await takeLetter(await readLetter(fetched.source), { isWhole, ...this.#context })
      this.#tries.delete(uid)
      await client.messageFlagsAdd(String(uid), ['\\Seen'], query).catch(() => false) // a courtesy to whoever looks at the mailbox
    } catch (error) {
      if (error instanceof Unavailable) throw error
      const tries = (this.#tries.get(uid) ?? 0) + 1
      this.#tries.set(uid, tries)
      if (tries < maxTries) throw error
      this.#tries.delete(uid)
      // Its words and addresses may stand in the error.
      const reason = error instanceof Error ? error.name : 'unknown'
      log.warn({ uid, reason }, 'a letter could not be taken in: it stays in the mailbox, unread')
    }
  }

  async #note(uid_validity: number, uid: number): Promise<void> {
    const { ledger, carrier } = this.#context
    const cursor = { uid_validity, uid, read_at: ledger.state.at }
    await ledger.execute({ type: 'carrier.note_cursor', sid: carrier.sid, cursor })
  }
}

const week_ms = 7 * 24 * 3_600_000

function sorted(uids: readonly number[] | boolean | undefined): number[] {
  return Array.isArray(uids) ? [...uids].sort((a, b) => a - b) : []
}

async function clientOf(settings: Settings, { allowPrivate }: Pick<CarrierContext, 'allowPrivate'>): Promise<ImapFlow> {
  const { host, port, security, user = '', password, access_token, poll_ms } = settings
  if (password === undefined && access_token === undefined) throw new Error('Secrets: password is missing')
  // Loaded by the first mailbox: most servers have none.
  const { ImapFlow } = await import('imapflow')
  return new ImapFlow({
    host: await dialed(host, { allowPrivate }),
    port,
    secure: security === 'tls',
    doSTARTTLS: security === 'starttls',
    servername: host,
    auth: { user, ...(access_token === undefined ? { pass: password ?? '' } : { accessToken: access_token }) },
    logger: false,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: Math.max(120_000, 2 * poll_ms)
  })
}

/** After a refused login the next attempt waits: some servers lock accounts that try too often. */
function refusal(error: unknown): never {
  const { authenticationFailed, responseText } = Object(error) as Readonly<Record<string, unknown>>
  if (authenticationFailed === true)
    throw new Patient(`IMAP: ${String(responseText ?? 'the login was refused')}`, refused_ms)
  throw error
}

/** Waits for something to happen, or for some time. */
class Bell {
  #hasRung = false
  #answer: () => void = () => {}

  ring(): void {
    this.#hasRung = true
    this.#answer()
  }

  async rung(within_ms: number): Promise<void> {
    if (!this.#hasRung) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#answer = resolve
        timer = setTimeout(resolve, within_ms)
      })
      clearTimeout(timer)
    }
    this.#hasRung = false
  }
}
