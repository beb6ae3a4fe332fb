import { createInterface } from 'node:readline'
import { basic, Client } from '@ringdown/client/client'
import { CannotOpen } from '@ringdown/server/store/store'
import { pino } from 'pino'
import type { PhoneArguments } from './arguments.ts'
import { type ReachedServer, reachedServer } from './reached.ts'

/** Where a phone in a terminal reads and writes. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly write: (text: string) => void
}

/** `ringdown phone`: a virtual phone in this terminal, over the REST API. Ends with its input. */
export async function runPhone(args: PhoneArguments, version: string): Promise<void> {
  const server = await reachedServer(args, version, pino({ level: 'warn' }, pino.destination(2)))
  try {
    await usePhone(args, server, { input: process.stdin, write: (text) => process.stdout.write(text) })
  } finally {
    await server.close()
  }
}

/** Writes what is typed, line by line, and shows what comes in; resolves when the input has ended. */
export async function usePhone(
  args: Pick<PhoneArguments, 'address' | 'to' | 'name'>,
  { url, credentials: { account_sid, auth_token } }: Pick<ReachedServer, 'url' | 'credentials'>,
  { input, write }: Terminal
): Promise<void> {
  const phone = new Phone(new Client({ url, authorization: basic(account_sid, auth_token) }), args)
  const known = await phone.open()
  const to = args.to ?? known
  if (to === undefined) throw new CannotOpen(`${args.address} has written with nobody yet: say --to whom it writes.`)
  write(`${args.address} writes to ${to}. A line is a message; Ctrl-D ends.\n`)
  const ended = new AbortController()
  const listening = phone.listen(ended.signal, ({ from, body, media }) => {
    const files = media > 0 ? ` [${media} ${media === 1 ? 'file' : 'files'}]` : ''
    write(`${from}: ${body ?? ''}${files}\n`)
  })
  try {
    for await (const line of createInterface({ input })) {
      if (line.trim() === '') continue
      // What cannot be sent is the sender's to hear; the phone goes on.
      await phone.write(to, line).catch((error: unknown) => write(`(not sent: ${messageIn(error)})\n`))
    }
  } finally {
    ended.abort()
    await listening
  }
}

interface Shown {
  readonly from: string
  readonly body: string | null
  readonly media: number
}

/** From one look at a phone to the next, where the server does not keep one waiting. */
const pause_ms = 1000

class Phone {
  readonly #client: Client
  readonly #args: Pick<PhoneArguments, 'address' | 'name'>
  #sid = ''
  /** The last message that was seen. */
  #after: string | undefined

  constructor(client: Client, args: Pick<PhoneArguments, 'address' | 'name'>) {
    this.#client = client
    this.#args = args
  }

  /** Finds the phone, or makes it. Resolves with whom it wrote with last. */
  async open(): Promise<string | undefined> {
    const { address, name } = this.#args
    const { phones } = await this.#client.call('ringdown_v1.ListPhone', { params: { address } })
    const friendly_name = name === undefined ? {} : { friendly_name: name }
    const [phone = await this.#client.call('ringdown_v1.CreatePhone', { params: { address, ...friendly_name } })] =
      phones
    this.#sid = phone.sid
    let partner: string | undefined
    for (;;) {
      const found = await this.#page(0)
      for (const { direction, from, to } of found) partner = direction === 'received' ? from : to
      if (found.length === 0) return partner
    }
  }

  async write(to: string, body: string): Promise<void> {
    const { name } = this.#args
    const params = { to, body, ...(name !== undefined && { profile_name: name }) }
    await this.#client.call('ringdown_v1.CreatePhoneMessage', { path: { phone_sid: this.#sid }, params })
  }

  /** Shows what comes in until the signal; what the server cannot say now it is asked again a moment later. */
  async listen(signal: AbortSignal, show: (message: Shown) => void): Promise<void> {
    while (!signal.aborted) {
      const found = await this.#page(20, signal).catch(() => undefined)
      if (signal.aborted) return
      for (const { direction, from, body, media } of found ?? [])
        if (direction === 'received') show({ from, body, media: media.length })
      if (found === undefined) await new Promise((resolve) => setTimeout(resolve, pause_ms))
    }
  }

  async #page(wait_seconds: number, signal?: AbortSignal) {
    const after = this.#after === undefined ? {} : { after: this.#after }
    const { phone_messages } = await this.#client.call('ringdown_v1.ListPhoneMessage', {
      path: { phone_sid: this.#sid },
      params: { ...after, ...(wait_seconds > 0 && { wait_seconds }) },
      ...(signal && { signal })
    })
    this.#after = phone_messages.at(-1)?.sid ?? this.#after
    return phone_messages
  }
}

function messageIn(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
