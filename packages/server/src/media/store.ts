import type { Readable } from 'node:stream'

/** A file that was written beside the others, and is not among them yet. */
export interface Incoming {
  /** Where its bytes are, on the disk of this machine; they are safe there. */
  readonly path: string
  readonly sha256: string
  readonly size: number
}

/** First and last byte of a part of a file. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** A file as a store lists it. */
export interface KeptFile {
  readonly sha256: string
  /** Milliseconds: when it was brought last, by the clock of whoever keeps it. */
  readonly modified: number
}

/**
 * Keeps files by their SHA-256: one that comes twice is there once. Whose they are, and what they are called, is in the
 * account's rows. Errors of a disk that is full have its codes; whatever else goes wrong is StoreTrouble.
 */
export interface MediaStore {
  /** What is told of where files are, in words for whoever runs the server. */
  readonly place: string
  /** A folder on this machine in which files arrive. */
  readonly incoming: string
  /** Takes a file in, in one step; resolves when it will outlast a crash. The incoming file may be gone afterwards. */
  keep(file: Incoming): Promise<void>
  /** The bytes of a file or of a part of it; undefined where there is none. */
  read(sha256: string, range?: ByteRange): Promise<Readable | undefined>
  has(sha256: string): Promise<boolean>
  remove(sha256: string): Promise<void>
  /** All files, in no order. */
  list(): AsyncIterable<KeptFile>
  close(): void
}

/** Whoever keeps files did not do what was asked. */
export class StoreTrouble extends Error {
  override name = 'StoreTrouble'
}

const sha256 = /^[0-9a-f]{64}$/

/** Whether a name is one that a store gives its files. */
export function isFileName(name: string): boolean {
  return sha256.test(name)
}
