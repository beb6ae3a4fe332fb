import type { Agent, Dispatcher } from 'undici'
import { AddressRefused, checkHost, publicLookup } from '../network/guard.ts'
import { messageOf } from '../store/thrown.ts'
import { fileNameOf } from './filename.ts'
import { TooLong } from './intake.ts'
import { type Media, NoRoom, type SafeFile } from './media.ts'
import { StoreTrouble } from './store.ts'

/** A file that could not be fetched, in one line: its address cannot be used, nobody answers there, or not with a file. */
export class NotImported extends Error {
  override name = 'NotImported'
}

/** So many files are being fetched already that no other one is begun. */
export class TooManyImports extends Error {
  override name = 'TooManyImports'
}

export interface ImportOptions {
  /** Bytes; longer files are not taken. */
  readonly limit: number
  /** For the address alone: whoever it sends on to does not get them. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Whether somebody asks for it, who can ask again: such files are fetched so many at once, those of messages all. */
  readonly isAsked?: boolean
}

/** A file that was fetched. */
export interface ImportedFile extends SafeFile {
  readonly filename: string | undefined
}

const maxRedirects = 5
/** Milliseconds for an answer to begin, between two pieces of it, and for all of it. */
const headers_ms = 15_000
const silence_ms = 15_000
const whole_ms = 120_000

/** Files that people have asked for, of one account: each may take as long as its sender likes. */
const maxAtOnce = 32
const underWay = new WeakMap<Media, number>()

let network: Promise<{ readonly anywhere: Agent; readonly guarded: Agent }> | undefined

/** Loaded by the first file, like what sends. */
async function load() {
  const { Agent } = await import('undici')
  const patience = { connectTimeout: 10_000, headersTimeout: headers_ms, bodyTimeout: silence_ms }
  return { anywhere: new Agent(patience), guarded: new Agent({ ...patience, connect: { lookup: publicLookup } }) }
}

/**
 * Fetches a file from an address of the web and calls `use` when it is safe, as `Media.keep` does. Every hop is dialed under
 * the guard of deliveries, and nothing of the file is ever in memory as a whole. Rejects with NotImported, TooManyImports,
 * TooLong, NoRoom, StoreTrouble, AddressRefused, and what `use` rejects with.
 */
export async function importMedia<T>(
  media: Media,
  url: string,
  options: ImportOptions,
  use: (file: ImportedFile) => Promise<T>
): Promise<T> {
  if (!options.isAsked) return fetched(media, url, options, use)
  const others = underWay.get(media) ?? 0
  if (others >= maxAtOnce) throw new TooManyImports(`${others} files are being fetched: try again in a moment`)
  underWay.set(media, others + 1)
  try {
    return await fetched(media, url, options, use)
  } finally {
    underWay.set(media, (underWay.get(media) ?? 1) - 1)
  }
}

async function fetched<T>(
  media: Media,
  url: string,
  options: ImportOptions,
  use: (file: ImportedFile) => Promise<T>
): Promise<T> {
  const signal = AbortSignal.any([AbortSignal.timeout(whole_ms), ...(options.signal ? [options.signal] : [])])
  const { answer, address } = await followed(url, { ...options, signal, allowPrivate: media.allowPrivate })
  const { body, headers } = answer
  const length = Number(headers['content-length'] ?? 0)
  let isUsed = false
  try {
    if (length > options.limit) throw new TooLong(`the file is longer than ${options.limit} bytes`)
    const filename = nameIn(headers['content-disposition']) ?? fileNameOf(lastPart(address))
    return await media.keep(
      body,
      { limit: options.limit, claimed: textOf(headers['content-type']), signal },
      (file) => {
        isUsed = true
        if (file.size === 0) throw new NotImported(`${address.host} answered an empty file`)
        return use({ ...file, filename })
      }
    )
  } catch (error) {
    if (isUsed || isOurs(error)) throw error
    throw new NotImported(`the file could not be fetched from ${address.host}: ${messageOf(error)}`, { cause: error })
  } finally {
    // What is not read any more is hung up on; what was read is over.
    body.on('error', () => {}).destroy()
  }
}

async function followed(
  url: string,
  { allowPrivate, headers, signal }: ImportOptions & { readonly signal: AbortSignal; readonly allowPrivate: boolean }
): Promise<{ readonly answer: Dispatcher.ResponseData; readonly address: URL }> {
  network ??= load()
  const { anywhere, guarded } = await network
  let address = addressOf(url, undefined)
  const { origin } = address
  for (let hop = 0; hop <= maxRedirects; hop++) {
    if (!allowPrivate) checkHost(address)
    const answer = await asked(address, {
      dispatcher: allowPrivate ? anywhere : guarded,
      headers: { Accept: '*/*', 'User-Agent': 'TwilioProxy/1.1 (Ringdown)', ...(address.origin === origin && headers) },
      signal
    })
    const { statusCode, headers: answered, body } = answer
    if (statusCode === 200) return { answer, address }
    body.on('error', () => {}).destroy()
    const { location } = answered
    if (!redirects.has(statusCode) || typeof location !== 'string')
      throw new NotImported(`${address.host} answered ${statusCode}, not a file`)
    address = addressOf(location, address)
  }
  throw new NotImported(`${address.host} sends on more than ${maxRedirects} times`)
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

async function asked(
  address: URL,
  options: { readonly dispatcher: Agent; readonly headers: Record<string, string>; readonly signal: AbortSignal }
): Promise<Dispatcher.ResponseData> {
  const { request } = await import('undici')
  try {
    return await request(address, { method: 'GET', ...options })
  } catch (error) {
    const [refused] = [error, error instanceof Error ? error.cause : undefined].filter(
      (one) => one instanceof AddressRefused
    )
    throw refused ?? new NotImported(`${address.host} cannot be reached: ${messageOf(error)}`, { cause: error })
  }
}

function addressOf(text: string, base: URL | undefined): URL {
  const address = URL.canParse(text, base?.href) ? new URL(text, base?.href) : undefined
  if (!address || !/^https?:$/.test(address.protocol)) throw new NotImported('it is no address of the web')
  if (address.username !== '' || address.password !== '')
    throw new NotImported('an address with a password is not used')
  return address
}

function isOurs(error: unknown): boolean {
  return [NotImported, TooLong, NoRoom, StoreTrouble, AddressRefused].some((kind) => error instanceof kind)
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

/** `attachment; filename="a.png"`, or its form for other letters. */
function nameIn(header: string | string[] | undefined): string | undefined {
  const text = textOf(header) ?? ''
  const [, encoded] = /;\s*filename\*\s*=\s*utf-8''([^;\s]+)/i.exec(text) ?? []
  const [, quoted] = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(text) ?? []
  const [, token] = /;\s*filename\s*=\s*([^;"\s]+)/i.exec(text) ?? []
  return fileNameOf(decoded(encoded) ?? quoted?.replace(/\\(.)/g, '$1') ?? token)
}

function lastPart({ pathname }: URL): string | undefined {
  const part = pathname.slice(pathname.lastIndexOf('/') + 1)
  return decoded(part) ?? part
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}
