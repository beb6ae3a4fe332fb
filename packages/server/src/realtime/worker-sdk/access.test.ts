import { expect, it } from 'vitest'
import type { Tokens } from '../../access/tokens.ts'
import { accessBy } from './access.ts'

const workspace_sid = `WS${'1'.repeat(32)}`
const [first, second] = [`WK${'1'.repeat(32)}`, `WK${'2'.repeat(32)}`]

it('a token lets in to the work of the worker that its holder is now, and no longer than that', async () => {
  let worker_sid: string | undefined = first
  const caller = {
    account_sid: `AC${'a'.repeat(32)}`,
    expires_at: Number.POSITIVE_INFINITY,
    grants: { task_router: { workspace_sid, worker_sid: first, role: 'worker' } },
    standing: () => ({ kind: 'roles', worker_sid })
  }
  const tokens = { caller: () => caller } as unknown as Tokens // what is asked for here
  const access = await accessBy('', tokens)
  expect(access.stands()).toBe(true)
  for (const other of [second, undefined]) {
    worker_sid = other
    expect(access.stands()).toBe(false)
    await expect(accessBy('', tokens)).rejects.toMatchObject({ status: 403, code: 20106 })
  }
})
