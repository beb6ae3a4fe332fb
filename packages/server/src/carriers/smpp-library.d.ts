/** What is used of the library, which brings no types. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events'
  import type { Server as NetServer, Socket } from 'node:net'

  /** A text as it was decoded, or bytes of a coding that the library does not know. */
  export interface ShortMessage {
    readonly message?: string | Buffer
    readonly udh?: readonly Buffer[]
  }

  export interface PDU {
    readonly command: string
    readonly command_status: number
    readonly sequence_number: number
    readonly [parameter: string]: unknown
    isResponse(): boolean
    response(options?: Readonly<Record<string, unknown>>): PDU
  }

  export const PDU: new (command: string, options?: Readonly<Record<string, unknown>>) => PDU & { toBuffer(): Buffer }

  export interface Session extends EventEmitter {
    readonly socket: Socket
    send(pdu: PDU, answered?: (answer: PDU) => void): boolean
    close(): void
    destroy(): void
    pause(): void
    resume(): void
  }

  export function connect(options: Readonly<Record<string, unknown>>): Session
  export function createServer(listener: (session: Session) => void): NetServer

  /** By their names. */
  export const commands: Readonly<Record<string, unknown>>

  export const encodings: {
    readonly ASCII: { encode(text: string): Buffer; decode(bytes: Buffer): string }
    readonly LATIN1: { encode(text: string): Buffer; decode(bytes: Buffer): string }
  }
}
