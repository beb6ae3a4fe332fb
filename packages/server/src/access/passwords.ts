import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** What guessing a password costs whoever has its hash: scrypt's parameters, written into the hash, so that they may grow. */
export interface PasswordCost {
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/** 128 MiB and some tenths of a second. */
const usual: PasswordCost = { log2N: 17, r: 8, p: 1 }
const hashBytes = 32
const saltBytes = 16
const minPassword = 12
const maxPassword = 512
/** Hashes at once: each takes its memory. */
const maxAtOnce = 2
/** Hashes that may wait for their turn. */
const maxWaiting = 50

/** Too many people sign in at once. */
export class TooManySignIns extends Error {
  override name = 'TooManySignIns'
}

/** Why a password cannot be chosen, in words for who chooses it. There are no rules on what it is made of. */
export function weakness(password: string): string | undefined {
  if (password.length < minPassword) return `A password has at least ${minPassword} characters`
  return password.length > maxPassword ? `A password has at most ${maxPassword} characters` : undefined
}

/** `scrypt$17$8$1$<salt>$<hash>`, both in base64url. Rejects with TooManySignIns. */
export async function hashOf(password: string, cost = usual): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derived(password, salt, cost)
  return ['scrypt', cost.log2N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Compares with a hash. Without one it takes the same time, so that nobody learns which users there are. Rejects with TooManySignIns. */
export async function isPassword(password: string, hash: string | null | undefined, cost = usual): Promise<boolean> {
  const [, log2N, r, p, salt = '', expected = ''] = (hash ?? nobodys(cost)).split('$')
  const made = await derived(password, Buffer.from(salt, 'base64url'), {
    log2N: Number(log2N),
    r: Number(r),
    p: Number(p)
  })
  const known = Buffer.from(expected, 'base64url')
  return known.length === made.length && timingSafeEqual(known, made) && hash !== null && hash !== undefined
}

/** The hash of no password. */
function nobodys({ log2N, r, p }: PasswordCost): string {
  return ['scrypt', log2N, r, p, 'AAAAAAAAAAAAAAAAAAAAAA', 'A'.repeat(43)].join('$')
}

const waiting: (() => void)[] = []
let running = 0

async function derived(password: string, salt: Buffer, { log2N, r, p }: PasswordCost): Promise<Buffer> {
  if (running >= maxAtOnce) {
    if (waiting.length >= maxWaiting) throw new TooManySignIns('too many sign in at once')
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running++
  try {
    const N = 2 ** log2N
    // Passwords are compared in one form of Unicode, whichever a keyboard makes.
    return await scrypted(password.normalize('NFKC').slice(0, maxPassword), salt, {
      N,
      r,
      p,
      maxmem: 2 * 128 * N * r
    })
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

function scrypted(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(password, salt, hashBytes, options, (error, hash) => (error ? reject(error) : resolve(hash)))
  )
}
