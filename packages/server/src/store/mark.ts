import { closeSync, existsSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { type AccountHead, CannotOpen } from './store.ts'
import { messageOf } from './thrown.ts'

/*
 * Beside the database stands a small file that says how far each account has come. SQLite takes an emptied file for a new
 * database, and a write-ahead log that is gone or torn for the end of it; what is missing then is known here.
 */

/** How far an account has come. */
export type Reached = Pick<AccountHead, 'account_sid' | 'decision' | 'next_event'>

/** Each account has two lines and they are written in turn: one that is torn leaves the other. */
const lineBytes = 128
const title =
  'Ringdown: how far the database beside this file has come. It is written all the time; leave it where it is.'

/** How long the system may keep what was written to itself, in milliseconds. Only a loss of power can lose it. */
const syncMs = 2_000

/** Where the mark of a database file is. */
export function markOf(path: string): string {
  return `${path}.mark`
}

/** What the mark says, by account; undefined where there is none. Throws CannotOpen for a file that is no mark, with `hint`. */
export function readMark(path: string, hint: string): Map<string, Reached> | undefined {
  const file = markOf(path)
  if (!existsSync(file)) return undefined
  const text = readText(file)
  if (!text.startsWith('Ringdown: '))
    throw new CannotOpen(`${file} is damaged: it does not say how far ${path} has come. ${hint}`)
  const found = new Map<string, Reached>()
  for (const line of text.split('\n').slice(1)) {
    const reached = parsed(line)
    if (reached && reached.decision >= (found.get(reached.account_sid)?.decision ?? 0))
      found.set(reached.account_sid, reached)
  }
  return found
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw new CannotOpen(`Cannot read ${file}: ${messageOf(error)}.`, { cause: error })
  }
}

function parsed(line: string): Reached | undefined {
  const [said, account_sid, decision, next_event, sum] = /^(\S+) (\d+) (\d+) ([0-9a-f]+) *$/.exec(line) ?? []
  if (said === undefined || account_sid === undefined || sum === undefined) return undefined
  const reached = { account_sid, decision: Number(decision), next_event: Number(next_event) }
  return sum === sumOf(reached) ? reached : undefined
}

function sumOf({ account_sid, decision, next_event }: Reached): string {
  return crc32(`${account_sid} ${decision} ${next_event}`).toString(16)
}

function textOf(reached: Reached): string {
  const { account_sid, decision, next_event } = reached
  return `${account_sid} ${decision} ${next_event} ${sumOf(reached)}`.padEnd(lineBytes - 1).concat('\n')
}

/**
 * Keeps the mark of a database file. It is told what is durable and nothing else, so it never claims more than there is.
 * A mark that cannot be written (a full disk, a folder that is gone) claims less, and nobody has to know.
 */
export class Mark {
  #file: number | undefined
  readonly #places = new Map<string, number>()
  readonly #turns = new Map<string, number>()
  #syncing: NodeJS.Timeout | undefined

  /** Begins the mark anew, with what the database holds. */
  constructor(path: string, held: readonly Reached[]) {
    const texts = [title.padEnd(lineBytes - 1).concat('\n')]
    for (const reached of held.filter(({ decision }) => decision > 0)) {
      this.#places.set(reached.account_sid, this.#places.size)
      texts.push(textOf(reached), textOf(reached))
    }
    this.#file = begun(markOf(path), texts.join(''))
  }

  /** The account has come so far, on the disk. */
  reached(reached: Reached): void {
    if (this.#file === undefined) return
    const { account_sid } = reached
    const place = this.#places.get(account_sid) ?? this.#places.size
    const turn = this.#turns.get(account_sid) ?? 0
    this.#places.set(account_sid, place)
    this.#turns.set(account_sid, 1 - turn)
    try {
      writeSync(this.#file, textOf(reached), (1 + 2 * place + turn) * lineBytes, 'latin1')
    } catch {
      return // it claims less
    }
    this.#syncing ??= setTimeout(() => {
      this.#syncing = undefined
      if (this.#file !== undefined) fdatasync(this.#file, () => {}) // it claims less after a loss of power
    }, syncMs).unref()
  }

  close(): void {
    clearTimeout(this.#syncing)
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    try {
      fsyncSync(file)
    } catch {
      // It claims less after a loss of power.
    }
    closeSync(file)
  }
}

/** The file with this text, put in its place as a whole. */
function begun(file: string, text: string): number | undefined {
  try {
    const opened = openSync(`${file}.next`, 'w+', 0o600)
    writeSync(opened, text, 0, 'latin1')
    fsyncSync(opened)
    renameSync(`${file}.next`, file)
    return opened
  } catch {
    return undefined // the database beside it says what is wrong with the folder
  }
}
