import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'

/*
 * The desk's promise: a bubble is sent once, whatever happens on the way. Messages are written under keys while the plug is
 * pulled; whoever was not answered asks again under the same key. Each key is one message afterwards, and those that were
 * on disk without having been answered are answered as they were made.
 */

const { account_sid, auth_token } = credentials
const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`

let folder: string
let server: Started

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringdown-once-'))
  server = await started(['--data', folder])
})
afterEach(async () => {
  await server.kill()
  await rm(folder, { recursive: true, force: true })
})

interface Sent {
  readonly sid: string
  readonly isAgain: boolean
}

async function post(path: string, form: Record<string, string>, key?: string): Promise<Sent> {
  const headers = { authorization, ...(key !== undefined && { 'idempotency-key': key }) }
  const response = await fetch(server.url + path, { method: 'POST', body: new URLSearchParams(form), headers })
  if (response.status !== 201) throw new Error(`${path}: ${response.status}`)
  const { sid } = (await response.json()) as { sid: string }
  return { sid, isAgain: response.headers.has('idempotent-replayed') }
}

async function bodies(messages: string): Promise<string[]> {
  const found: string[] = []
  let next: string | null = `${server.url}${messages}?PageSize=100`
  while (next !== null) {
    const page = (await (await fetch(next, { headers: { authorization } })).json()) as {
      messages: { body: string }[]
      meta: { next_page_url: string | null }
    }
    found.push(...page.messages.map(({ body }) => body))
    next = page.meta.next_page_url
  }
  return found
}

it('sends each bubble once through kill -9, also those that were on disk and not answered', async () => {
  const { sid } = await post('/conversations/v1/Conversations', {})
  const messages = `/conversations/v1/Conversations/${sid}/Messages`
  const answered = new Map<string, string>()
  const sent: string[] = []
  let unheard = 0

  const send = async (key: string) => {
    const { sid, isAgain } = await post(messages, { Body: `bubble ${key}`, Author: 'amelie' }, key)
    // Nobody has heard of it, and it was done.
    if (isAgain && !answered.has(key)) unheard++
    answered.set(key, sid)
  }

  // Hardly ever is nothing on disk that was not answered; then once more.
  for (let crash = 0; crash < 10 && (crash < 2 || unheard === 0); crash++) {
    let isOver = false
    const many = answered.size + 100
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (!isOver) {
          const key = String(sent.length)
          sent.push(key)
          await send(key).catch(() => {})
          if (answered.size < many || isOver) continue
          isOver = true
          await server.kill()
        }
      })
    )
    server = await started(['--data', folder])
    for (const key of sent.filter((key) => !answered.has(key))) await send(key)
  }

  expect(unheard).toBeGreaterThan(0)
  expect((await bodies(messages)).sort()).toEqual(sent.map((key) => `bubble ${key}`).sort())
  // Also long after: the first answer.
  const before = answered.get('0')
  await send('0')
  expect(answered.get('0')).toBe(before)
}, 60_000)
