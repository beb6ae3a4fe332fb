import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeliveryRows } from '@ringdown/server/delivery/rows'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { credentials, type Started, started } from '../support/process.ts'
import { type Received, receiver } from '../support/receiver.ts'

/*
 * A server that is killed again and again while it tells a receiver everything that happens. Nothing may be missing there
 * in the end, and nothing may be there that did not happen.
 */

const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }

/** What became of a run. */
export interface Told {
  /** Events that happened, and those of them that were never told. */
  readonly events: number
  readonly missing: readonly string[]
  /** Requests that arrived; of events that never happened; with a wrong signature; under another token than before. */
  readonly requests: number
  readonly invented: readonly string[]
  readonly unsigned: number
  readonly renamed: number
  readonly kills: number
  /** Deliveries that are not marked as delivered in the end. */
  readonly left: number
}

/** Load from some clients, the plug pulled after each time (milliseconds) of the list, and then an end in peace. */
export async function tellAndKill(lives_ms: readonly number[], clients = 8): Promise<Told> {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-told-'))
  /** Event SID -> token of its delivery. */
  const tokens = new Map<string, string | undefined>()
  const count = { requests: 0, unsigned: 0, renamed: 0 }
  const onReceived = ({ form, token, isSigned }: Received) => {
    const sid = form.Sid ?? ''
    count.requests += 1
    if (!isSigned) count.unsigned += 1
    if (tokens.has(sid) && tokens.get(sid) !== token) count.renamed += 1
    tokens.set(sid, token)
  }
  const customer = await receiver({ auth_token, onReceived })
  const args = ['--data', folder, '--allow-private-destinations']
  let server: Started | undefined
  try {
    server = await started(args)
    const EventCallbackUrl = `${customer.url}/events`
    const { sid } = await call(server.url, '/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', EventCallbackUrl })
    const floor = `/taskrouter/v1/Workspaces/${sid}`
    const { sid: activity } = await call(server.url, `${floor}/Activities`, { FriendlyName: 'Lunch' })
    let renamed = 0
    for (const life_ms of lives_ms) {
      const { url, kill } = server
      let isOver = false
      const load = Array.from({ length: clients }, async () => {
        while (!isOver)
          await call(url, `${floor}/Activities/${activity}`, { FriendlyName: `Lunch ${++renamed}` }).catch((error) => {
            if (!isOver) throw error // the plug was not pulled yet
          })
      })
      await new Promise((resolve) => setTimeout(resolve, life_ms))
      isOver = true
      await kill()
      await Promise.all(load)
      server = await started(args)
    }
    const { url } = server
    for (;;) {
      const answer = await fetch(`${url}/ringdown/v1/Deliveries?State=queued&PageSize=1`, { headers })
      const { deliveries } = (await answer.json()) as { deliveries: unknown[] } // as the list answers
      const happened = await eventsOf(folder, sid)
      if (deliveries.length === 0 && happened.every((event) => tokens.has(event))) break
      if (performance.now() - lastArrival(count) > 15_000) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await server.stop()
    const happened = await eventsOf(folder, sid)
    const known = new Set(happened)
    return {
      events: happened.length,
      missing: happened.filter((event) => !tokens.has(event)),
      invented: [...tokens.keys()].filter((event) => !known.has(event)),
      ...count,
      kills: lives_ms.length,
      left: await leftIn(folder)
    }
  } finally {
    await server?.kill()
    await customer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** `performance.now()` when the number of requests last grew. */
const lastArrival = (() => {
  let seen = -1
  let at = 0
  return ({ requests }: { readonly requests: number }): number => {
    if (requests !== seen) at = performance.now()
    seen = requests
    return at
  }
})()

async function call(url: string, path: string, form: Record<string, string>): Promise<{ sid: string }> {
  const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams(form), headers })
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return (await response.json()) as { sid: string } // every row has one
}

/** SIDs of a workspace's events that its callback is told. */
async function eventsOf(folder: string, workspace_sid: string): Promise<string[]> {
  const store = await openStore({ schema, data: folder })
  try {
    const found: string[] = []
    for (let cursor = 0; ; ) {
      const events = await store.log(account_sid, cursor, 5_000)
      for (const { sid, type, data } of events)
        if (JSON.parse(data).workspace_sid === workspace_sid && !type.startsWith('ringdown.')) found.push(sid)
      const last = events.at(-1)
      if (!last) return found
      cursor = last.seq
    }
  } finally {
    await store.close()
  }
}

async function leftIn(folder: string): Promise<number> {
  const store = await openStore({ schema, data: folder })
  try {
    const rows = new DeliveryRows(store)
    let left = 0
    for (const state of ['queued', 'failed'])
      left += (await rows.page({ account_sid, where: { state }, descending: false, limit: 1_000 })).length
    return left
  } finally {
    await store.close()
  }
}
