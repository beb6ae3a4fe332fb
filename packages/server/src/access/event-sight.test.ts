import { expect, it } from 'vitest'
import { accountCaller, type Caller, type Standing } from './caller.ts'
import { eventReader, readAccountOf } from './event-sight.ts'

const nowhere = readAccountOf(() => undefined)

it('a token that names nobody has its end on the log as well; the account itself has none', () => {
  let standing: Standing | undefined = {
    kind: 'roles',
    roles: [{ role: 'admin', isTaskRouter: true }],
    workspace_sid: `WS${'1'.repeat(32)}`,
    worker_sid: undefined,
    identity: undefined,
    chat_service_sid: undefined
  }
  const caller: Caller = { account_sid: `AC${'a'.repeat(32)}`, actor: undefined, standing: () => standing }
  const { stands } = eventReader(caller, nowhere)
  expect(stands?.()).toBe(true)
  standing = undefined
  expect(stands?.()).toBe(false)
  expect(eventReader(accountCaller(caller.account_sid), nowhere).stands).toBeUndefined()
})

it('a key that may not list events any more follows the log no longer', () => {
  let allow = ['/ringdown/events/read']
  const caller: Caller = {
    account_sid: `AC${'a'.repeat(32)}`,
    actor: { type: 'key', sid: `SK${'1'.repeat(32)}` },
    standing: () => ({ kind: 'policy', policy: { allow } })
  }
  const { stands } = eventReader(caller, nowhere)
  expect(stands?.()).toBe(true)
  allow = ['/twilio/taskrouter']
  expect(stands?.()).toBe(false)
})
