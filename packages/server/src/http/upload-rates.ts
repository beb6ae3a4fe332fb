/** How much somebody may send: so many files at once, and so many, and bytes, in a time. */
interface Allowance {
  readonly atOnce: number
  /** Files in a row, and how many more each second. */
  readonly files: number
  readonly filesASecond: number
  readonly bytes: number
  readonly bytesASecond: number
}

const mib = 1024 * 1024

/** Programs and colleagues. */
const trusted: Allowance = {
  atOnce: 32,
  files: 200,
  filesASecond: 5,
  bytes: Number.POSITIVE_INFINITY,
  bytesASecond: 0
}
/** Customers: whoever has opened a page. */
const strangers: Allowance = { atOnce: 3, files: 20, filesASecond: 0.2, bytes: 300 * mib, bytesASecond: mib / 2 }

interface Sender {
  atOnce: number
  files: number
  bytes: number
  /** When that was so. */
  at: number
}

/** Who is remembered; somebody who has sent nothing for long is forgotten first. */
const maxKnown = 20_000

/** A file that is being sent. */
export interface UnderWay {
  /** It has come to its end, or broken off, after so many bytes. */
  end(bytes: number): void
}

/** How often each credential may send files, and how many bytes. */
export class UploadRates {
  readonly #now: () => number
  readonly #senders = new Map<string, Sender>()

  /** @param now - milliseconds that only grow. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Begins a file; or answers how many seconds whoever sends it has to wait. */
  begin(name: string, isStranger: boolean): UnderWay | number {
    const allowance = isStranger ? strangers : trusted
    const sender = this.#refilled(name, allowance)
    if (sender.atOnce >= allowance.atOnce) return 1
    if (sender.files < 1) return Math.ceil((1 - sender.files) / allowance.filesASecond)
    if (sender.bytes <= 0) return Math.ceil((1 - sender.bytes) / allowance.bytesASecond)
    sender.atOnce++
    sender.files--
    return {
      end: (bytes) => {
        sender.atOnce--
        sender.bytes -= bytes
      }
    }
  }

  #refilled(name: string, { files, filesASecond, bytes, bytesASecond }: Allowance): Sender {
    const now = this.#now()
    const sender = this.#senders.get(name) ?? { atOnce: 0, files, bytes, at: now }
    const seconds = (now - sender.at) / 1000
    sender.files = Math.min(files, sender.files + seconds * filesASecond)
    sender.bytes = Math.min(bytes, sender.bytes + seconds * bytesASecond)
    sender.at = now
    // The newest stands last.
    this.#senders.delete(name)
    this.#senders.set(name, sender)
    if (this.#senders.size > maxKnown)
      for (const [oldest, { atOnce }] of this.#senders) {
        if (atOnce > 0) continue
        this.#senders.delete(oldest)
        break
      }
    return sender
  }
}
