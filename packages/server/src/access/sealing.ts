import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keepPrivate } from '../store/permissions.ts'
import { CannotOpen } from '../store/store.ts'
import { codeOf, messageOf } from '../store/thrown.ts'

/** What a sealed text begins with, so that another way of sealing may come. */
const mark = 'v1.'
const keyBytes = 32
const ivBytes = 12
const tagBytes = 16
const file = 'secret.key'

/**
 * Seals secrets that have to be read again, and derives those that nobody has to know. What is sealed is bound to what it
 * is of (an account, and a use): elsewhere it does not open.
 */
export class Sealing {
  readonly #key: Buffer

  /** @param key - 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== keyBytes) throw new Error(`invariant: a key has ${keyBytes} bytes`)
    this.#key = key
  }

  seal(secret: string, of: string): string {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(of))
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return mark + sealed.toString('base64url')
  }

  /** Undefined for what this key has not sealed, or has sealed for something else. */
  open(sealed: string, of: string): string | undefined {
    const bytes = Buffer.from(sealed.slice(mark.length), 'base64url')
    if (!sealed.startsWith(mark) || bytes.length < ivBytes + tagBytes) return undefined
    const end = bytes.length - tagBytes
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(of)).setAuthTag(bytes.subarray(end))
    try {
      return decipher.update(bytes.subarray(ivBytes, end), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      return undefined
    }
  }

  /** Another secret for each use; it follows from the key and need not be kept. */
  derived(use: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#key, '', use, keyBytes))
  }
}

/**
 * The key that seals: `RINGDOWN_SECRET_KEY` (32 bytes, as 64 hexadecimal digits or in base64), else one in a file of the
 * data folder that its owner alone may read and that no backup holds; made at the first start. Throws CannotOpen.
 */
export async function sealingFor(folder: string, env: NodeJS.ProcessEnv): Promise<Sealing> {
  const { RINGDOWN_SECRET_KEY: given } = env
  if (given) return new Sealing(keyIn(given) ?? cannot('RINGDOWN_SECRET_KEY must be 32 bytes: 64 hexadecimal digits.'))
  const path = join(folder, file)
  const kept = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    return cannot(`Cannot read ${path}: ${messageOf(error)}.`)
  })
  if (kept !== undefined) {
    keepPrivate(path)
    return new Sealing(keyIn(kept) ?? cannot(`${path} does not hold a key of 32 bytes. Bring the right one back.`))
  }
  const made = randomBytes(keyBytes)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(path, `${made.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    return cannot(`Cannot write ${path}: ${messageOf(error)}.`)
  }
  return new Sealing(made)
}

function keyIn(text: string): Buffer | undefined {
  const given = text.trim()
  const bytes = Buffer.from(given, /^[0-9a-f]{64}$/i.test(given) ? 'hex' : 'base64')
  return bytes.length === keyBytes ? bytes : undefined
}

function cannot(why: string): never {
  throw new CannotOpen(why)
}
