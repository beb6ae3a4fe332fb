import { checkAccountSid } from '@ringdown/engine/numbers/callback'
import type { Handlers } from '../handler.ts'

/** Seconds for which what a program is told of servers may be used, where it does not say. */
const usual_s = 86_400

/** Operations of calls that make no row. */
export const voiceHandlers = {
  /** What the operator has configured, with its names and passwords: those do not change, whatever `Ttl` says (reference voice 10). */
  'api_v2010.CreateToken'({ path, params: { ttl = usual_s } }, { state, iceServers, now }) {
    checkAccountSid(state, path)
    const ice_servers = iceServers.map(iceServerOf)
    const turn = ice_servers.find(({ username }) => username !== undefined)
    return {
      account_sid: state.account_sid,
      ...{ username: turn?.username ?? null, password: turn?.credential ?? null, ttl: String(ttl), ice_servers },
      ...{ date_created: now(), date_updated: now() }
    }
  }
} satisfies Handlers

interface IceServer {
  readonly url: string
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

/** As browsers take it. */
function iceServerOf(server: string): IceServer {
  const [, scheme = '', username = '', credential = '', place = ''] =
    /^(turns?):([^:@]+):([^@]+)@(.+)$/.exec(server) ?? []
  if (scheme === '') return { url: server, urls: server }
  const url = `${scheme}:${place}`
  return { url, urls: url, username: decodeURIComponent(username), credential: decodeURIComponent(credential) }
}
