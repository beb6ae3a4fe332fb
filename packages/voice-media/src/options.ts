/** What the process is started with, as JSON in its first argument. What is secret is in its environment. */
export interface VoiceMediaOptions {
  /** Where the server is to be waited for: a socket of the file system, or a pipe. */
  readonly socket: string
  /** For recordings in progress. */
  readonly folder: string
  /** The libraries of WebRTC that may be used, the best one first. */
  readonly webrtc: readonly string[]
  readonly ice_servers: readonly string[]
  /** The one UDP port of all browsers; without it, each has its own. */
  readonly port?: number | undefined
}

/** The variable of the environment with what the server says first. */
export const secretVariable = 'RINGDOWN_VOICE_SECRET'
