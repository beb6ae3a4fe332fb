import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ringdown } from '@ringdown/mcp/twilio-client'
import { type Running, type StartOptions, start } from '@ringdown/server/start'
import { pino } from 'pino'
import twilio from 'twilio'

/** A whole Ringdown in this process, on a folder of its own, with a hand on the clock. */
export interface World {
  readonly running: Running
  readonly folder: string
  /** The official SDK, on this Ringdown. */
  readonly client: twilio.Twilio
  readonly authorization: string
  /** Moves time and waits until everything that came due is done. */
  pass(seconds: number): Promise<void>
  /** A request as any program would send it. */
  call(
    path: string,
    form?: Record<string, string | string[]>,
    init?: RequestInit
  ): Promise<{ status: number; body: Body; headers: Headers }>
  close(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: an answer's shape is what tests look at
type Body = any

export const morning = Date.parse('2026-03-02T09:00:00Z')

export async function world(options: Partial<StartOptions> = {}): Promise<World> {
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'ringdown-world-')))
  const running = await start({
    port: 0,
    host: '127.0.0.1',
    data: folder,
    env: {},
    log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }, pino.destination(2)),
    version: '0.0.0-test',
    testClock: true,
    at: morning,
    seed: 1,
    // Receivers of tests are on this machine.
    allowPrivateDestinations: true,
    ...options
  })
  return {
    ...worldOn(running),
    folder,
    async pass(seconds) {
      if (!running.clock) throw new Error('this world runs on the real clock')
      await running.clock.advance(seconds * 1000)
    },
    async close() {
      await running.close()
      if (options.data === undefined) await rm(folder, { recursive: true, force: true })
    }
  }
}

/** A server in a process of its own, as far as it can be asked over HTTP: nobody reaches into it, or stops it from here. */
export function worldOf(
  url: string,
  credentials: { readonly account_sid: string; readonly auth_token: string }
): World {
  const running = { url, credentials } as Running // what is asked of it is its address
  const on = worldOn(running)
  return {
    ...on,
    folder: '',
    async pass(seconds) {
      await on.call('/ringdown/v1/clock/advance', { seconds: String(seconds) })
    },
    close: async () => {}
  }
}

/** What is asked of a server over HTTP. */
function worldOn(running: Running): Pick<World, 'running' | 'authorization' | 'client' | 'call'> {
  const { account_sid, auth_token } = running.credentials
  const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
  return {
    running,
    authorization,
    client: twilio(account_sid, auth_token, { httpClient: ringdown({ url: running.url }) }),
    async call(path, form, init = {}) {
      const body =
        form &&
        new URLSearchParams(
          Object.entries(form).flatMap(([k, v]) => [v].flat().map((one): [string, string] => [k, one]))
        )
      const response = await fetch(running.url + path, {
        ...(body && { method: 'POST', body }),
        ...init,
        headers: { authorization, ...init.headers }
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
    }
  }
}
