import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * Two nodes on one PostgreSQL, and the one that leads is frozen under load. The other one takes over with all that was
 * acknowledged; the frozen one, when it wakes up, acknowledges nothing, and tells nothing that is no longer true.
 */
const database = await findPostgres()
const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }
const list = '/taskrouter/v1/Workspaces'

async function isReady({ url }: Started): Promise<boolean> {
  const limited = { signal: AbortSignal.timeout(1_000) }
  return fetch(`${url}/ready`, limited).then(
    ({ status }) => status === 200,
    () => false
  )
}

async function namesAt(path: string): Promise<{ status: number; names: string[] }> {
  const answer = await fetch(path, { headers })
  const { workspaces = [] } = (await answer.json()) as { workspaces?: { friendly_name: string }[] }
  return { status: answer.status, names: workspaces.map(({ friendly_name }) => friendly_name) }
}

describe.runIf(database !== undefined)('a leader that is frozen under load', () => {
  it('is followed by the stand-by, and does and tells nothing when it wakes up', { timeout: 180_000 }, async () => {
    const place = await postgresPlace(database as string) // as: it runs only where there is one
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-takeover-'))
    const nodes: Started[] = []
    onTestFinished(async () => {
      for (const node of nodes) {
        node.child.kill('SIGCONT')
        await node.kill()
      }
      await place.clear()
      await rm(folder, { recursive: true, force: true })
    })
    const node = async (name: string) => {
      const fresh = await started(['--data', join(folder, name), '--database', place.url])
      nodes.push(fresh)
      return fresh
    }
    let leader = await node('one')
    await expect.poll(() => isReady(leader), { timeout: 30_000 }).toBe(true)
    let standby = await node('two')

    const acknowledged = new Set<string>()
    for (let round = 0; round < 2; round++) {
      const [frozen, next] = [leader, standby]
      let isOver = false
      let made = 0
      const create = async (at: Started, FriendlyName: string) => {
        const body = new URLSearchParams({ FriendlyName })
        const signal = AbortSignal.timeout(20_000)
        const answer = await fetch(at.url + list, { method: 'POST', headers, body, signal }).catch(() => undefined)
        if (answer?.status === 201) acknowledged.add(FriendlyName)
        return answer?.status
      }
      const load = Array.from({ length: 6 }, async () => {
        while (!isOver) await create(frozen, `round ${round} number ${made++}`)
      })
      await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(40 * (round + 1))
      frozen.child.kill('SIGSTOP')
      isOver = true
      await expect.poll(() => isReady(next), { timeout: 30_000, interval: 50 }).toBe(true)
      expect(await create(next, `after ${round}`)).toBe(201)

      // What is asked of the frozen one now, it finds when it wakes up, before it can have heard of anything.
      const stale = Array.from({ length: 8 }, () => namesAt(`${frozen.url}${list}?PageSize=1000`))
      const late = Array.from({ length: 8 }, (_, n) => create(frozen, `late ${round} ${n}`))
      await new Promise((resolve) => setTimeout(resolve, 300))
      frozen.child.kill('SIGCONT')
      for (const { status } of await Promise.all(stale)) expect(status).toBe(503)
      for (const status of await Promise.all(late)) expect(status).toBe(503)
      await Promise.all(load)
      expect(await isReady(frozen)).toBe(false)
      const { names } = await namesAt(`${next.url}${list}?PageSize=1000`)
      for (const name of acknowledged) expect(names).toContain(name)
      expect(names.filter((name) => name.startsWith('late'))).toEqual([])
      expect(new Set(names).size).toBe(names.length)
      leader = next
      standby = frozen
    }
    // One epoch for each that led, and nothing written in an older one after a newer.
    const heads = (await place.query('select epoch::int as epoch from account')) as { epoch: number }[]
    expect(heads[0]?.epoch).toBeGreaterThanOrEqual(3)
    const gaps = await place.query(
      'select (max(last) - min(first) + 1 - sum(last - first + 1))::int as missing from log_block'
    )
    expect(gaps).toEqual([{ missing: 0 }])
  })
})
