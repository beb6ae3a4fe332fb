import type { Logger } from 'pino'
import { WebSocket } from 'ws'
import type { Access } from './access.ts'

export interface SessionLimits {
  /** Milliseconds between two heartbeats; a client drops the socket after 30 s of silence. */
  readonly heartbeat_ms: number
  /** Open sockets of one worker, of those that still answer. */
  readonly sockets_per_worker: number
  /** Bytes that may wait for a reader before it is dropped. */
  readonly unread_bytes: number
  /** Milliseconds between the end of a worker's last socket and its going offline, where that was asked for. */
  readonly offline_after_ms: number
}

/** Who may have a socket: it is told what concerns one worker. */
export type WorkerAccess = Access & { readonly worker_sid: string }

export function isOfWorker(access: Access): access is WorkerAccess {
  return access.worker_sid !== undefined
}

export const defaultLimits: SessionLimits = {
  heartbeat_ms: 15_000,
  sockets_per_worker: 100,
  unread_bytes: 1024 * 1024,
  offline_after_ms: 1000
}

/** What a socket asked for when it was opened. */
export interface Wishes {
  readonly closeExistingSessions: boolean
  readonly setWorkerOfflineIfDisconnected: boolean
}

export interface SessionHooks {
  /** The last socket of a worker is gone, and asked for the worker to go offline then. */
  gone(access: WorkerAccess): void
  /** Before every heartbeat. */
  beat(): void
}

/** How many times as long a client may stay away that the server itself has sent away: it waits before it reconnects. */
const timeToComeBack = 5

interface Session {
  readonly socket: WebSocket
  readonly access: WorkerAccess
  readonly wishes: Wishes
  readonly expiry: NodeJS.Timeout
  /** Heartbeats since anything was heard from the other side. */
  silent: number
  /** By the server, so that the client is about to come back. */
  isEnded: boolean
}

/** Why the server ends a socket: the client shows the text as reason of its `disconnected`. */
const ends = {
  expired: [1008, 'Token expired'],
  replaced: [1000, 'Closed by a newer session of the same Worker'],
  slow: [1008, 'Dropped: the client does not read fast enough'],
  reloaded: [1012, 'The server has reloaded: reconnect'],
  stopping: [1001, 'The server is stopping'],
  deleted: [1000, 'The Worker is gone'],
  revoked: [1008, 'The token is not valid any more']
} as const satisfies Record<string, readonly [number, string]>

/**
 * The sockets of workers. Timers run on the machine's clock under a test clock, too: what is at the other end does.
 */
export class WorkerSessions {
  readonly #limits: SessionLimits
  readonly #log: Logger
  readonly #hooks: SessionHooks
  readonly #byWorker = new Map<string, Set<Session>>()
  readonly #leaving = new Map<string, NodeJS.Timeout>()
  readonly #beat: NodeJS.Timeout
  readonly #look: NodeJS.Timeout
  #isClosed = false

  constructor(limits: SessionLimits, log: Logger, hooks: SessionHooks) {
    this.#limits = limits
    this.#log = log
    this.#hooks = hooks
    this.#beat = setInterval(() => this.#heartbeat(), limits.heartbeat_ms).unref()
    this.#look = setInterval(() => this.endWhere(({ stands }) => !stands(), 'revoked'), look_ms).unref()
  }

  /** Whether another socket of the worker fits. Those that are dead count no more, noticed by the system or by silence. */
  hasRoom({ worker_sid }: WorkerAccess, { closeExistingSessions }: Wishes): boolean {
    const { sockets_per_worker } = this.#limits
    if (closeExistingSessions || (this.#byWorker.get(worker_sid)?.size ?? 0) < sockets_per_worker) return true
    return this.#of(worker_sid).filter(isAlive).length < sockets_per_worker
  }

  /** Takes an open socket, and greets it: everything that the client fetches first follows from this frame. */
  open(socket: WebSocket, access: WorkerAccess, wishes: Wishes, now: number): void {
    const { worker_sid, account_sid, workspace_sid, expires_at } = access
    if (wishes.closeExistingSessions) for (const other of this.#of(worker_sid)) this.#end(other, 'replaced')
    clearTimeout(this.#leaving.get(worker_sid))
    this.#leaving.delete(worker_sid)
    const token_lifetime = expires_at - now
    const session: Session = {
      socket,
      access,
      wishes,
      expiry: setTimeout(() => this.#end(session, 'expired'), Math.min(token_lifetime, maxTimer)).unref(),
      silent: 0,
      isEnded: false
    }
    const own = this.#byWorker.get(worker_sid) ?? new Set()
    this.#byWorker.set(worker_sid, own.add(session))
    socket.on('pong', () => {
      session.silent = 0
    })
    // Clients have nothing to say after connecting.
    socket.on('message', () => {})
    socket.on('error', (err) => this.#log.debug({ err, worker_sid }, 'socket failed'))
    socket.on('close', () => this.#closed(session))
    this.#send(session, frameOf('init', { channel_id: worker_sid, account_sid, workspace_sid, token_lifetime }))
  }

  get size(): number {
    let size = 0
    for (const own of this.#byWorker.values()) size += own.size
    return size
  }

  /** Sends an event to all sockets of some workers. It is rendered once, and only if there is one. */
  push(worker_sids: readonly string[], workspace_sid: string, event_type: string, payload: object): void {
    let frame: string | undefined
    for (const worker_sid of worker_sids) {
      for (const session of this.#of(worker_sid)) {
        if (session.access.workspace_sid !== workspace_sid) continue
        frame ??= frameOf(event_type, payload)
        this.#send(session, frame)
      }
    }
  }

  /** Ends the sockets of some, or of all. */
  endWhere(isMeant: (access: Access) => boolean, why: 'reloaded' | 'stopping' | 'deleted' | 'revoked'): void {
    for (const own of [...this.#byWorker.values()]) {
      for (const session of [...own]) if (isMeant(session.access)) this.#end(session, why)
    }
  }

  /** No socket is left afterwards, and no timer. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#beat)
    clearInterval(this.#look)
    for (const timer of this.#leaving.values()) clearTimeout(timer)
    this.endWhere(() => true, 'stopping')
  }

  #of(worker_sid: string): Session[] {
    return [...(this.#byWorker.get(worker_sid) ?? [])]
  }

  #send(session: Session, frame: string): void {
    const { socket, access } = session
    if (socket.readyState !== WebSocket.OPEN) return
    if (socket.bufferedAmount > this.#limits.unread_bytes) {
      this.#log.warn({ worker_sid: access.worker_sid }, 'slow socket dropped')
      this.#end(session, 'slow')
    } else socket.send(frame)
  }

  /** Says goodbye, and hangs up on whoever does not answer that. */
  #end(session: Session, why: keyof typeof ends): void {
    const [code, reason] = ends[why]
    session.isEnded = true
    this.#forget(session)
    session.socket.close(code, reason)
    setTimeout(() => session.socket.terminate(), this.#isClosed || why === 'slow' ? 250 : 5000).unref()
  }

  #closed(session: Session): void {
    const { access, wishes } = session
    this.#forget(session)
    const { worker_sid } = access
    if (!wishes.setWorkerOfflineIfDisconnected || this.#isClosed || this.#byWorker.has(worker_sid)) return
    const ms = this.#limits.offline_after_ms * (session.isEnded ? timeToComeBack : 1)
    const leave = () => {
      this.#leaving.delete(worker_sid)
      this.#hooks.gone(access)
    }
    clearTimeout(this.#leaving.get(worker_sid))
    this.#leaving.set(worker_sid, setTimeout(leave, ms).unref())
  }

  #forget(session: Session): void {
    clearTimeout(session.expiry)
    const { worker_sid } = session.access
    const own = this.#byWorker.get(worker_sid)
    if (own?.delete(session) && own.size === 0) this.#byWorker.delete(worker_sid)
  }

  #heartbeat(): void {
    this.#hooks.beat()
    for (const own of [...this.#byWorker.values()]) {
      for (const session of [...own]) {
        // Nothing was heard for two beats: the other side is gone without a word.
        if (session.silent++ >= 2) session.socket.terminate()
        else {
          this.#send(session, ' ')
          if (session.socket.readyState === WebSocket.OPEN) session.socket.ping()
        }
      }
    }
  }
}

/** It has answered one of the last two beats. */
function isAlive({ socket, silent }: Session): boolean {
  return socket.readyState === WebSocket.OPEN && silent < 2
}

/** Between two looks at whose token is still valid: what is taken away is felt within a second. */
const look_ms = 500

/** What setTimeout holds, in milliseconds: beyond it a timer would fire at once. */
const maxTimer = 2 ** 31 - 1

function frameOf(event_type: string, payload: object): string {
  return JSON.stringify({ event_type, payload })
}
