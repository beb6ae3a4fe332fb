import type { WebRtc } from './webrtc.ts'

/** What there is of WebRTC on this machine, and why what is better is not. */
export interface FoundWebRtc {
  readonly webrtc: WebRtc | undefined
  readonly why: readonly string[]
}

/** Loads the first library that can be loaded of those that are asked for. */
export async function findWebRtc(names: readonly string[] = ['node-datachannel', 'werift']): Promise<FoundWebRtc> {
  const why: string[] = []
  for (const name of names) {
    try {
      if (name === 'node-datachannel') return { webrtc: (await import('./webrtc-datachannel.ts')).overDataChannel, why }
      if (name === 'werift') return { webrtc: (await import('./webrtc-werift.ts')).overWerift, why }
      why.push(`${name} is no library that is known here`)
    } catch (error) {
      why.push(`${name} cannot be loaded: ${error instanceof Error ? firstLine(error.message) : String(error)}`)
    }
  }
  return { webrtc: undefined, why }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
