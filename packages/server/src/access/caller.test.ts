import { kinds } from '@ringdown/engine/kinds'
import { World } from '@ringdown/engine/testing/world'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { Credentials } from '../http/credentials.ts'
import { Admission } from './admission.ts'
import { everything, type RoleStanding, remembered, standingKinds, untilChanged } from './caller.ts'
import { Sealing } from './sealing.ts'

describe('a standing', () => {
  it('is the same object until one of its rows has changed, is gone, or is of another state', () => {
    const world = new World()
    const { state, workspace_sid } = world
    const { worker } = world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
    let made = 0
    const standingIn = remembered(
      (within) => [within.find('workspace', workspace_sid), within.find('worker', worker.sid)],
      ([_workspace, ada]): RoleStanding | undefined => {
        made++
        const role = { role: 'agent', isTaskRouter: false } as const
        return (
          ada && {
            kind: 'roles',
            roles: [role],
            workspace_sid,
            worker_sid: ada.sid,
            identity: ada.friendly_name,
            chat_service_sid: undefined
          }
        )
      }
    )
    const first = standingIn(state)
    world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Bob' })
    expect([standingIn(state), made]).toEqual([first, 1])
    expect(standingIn(state)).toBe(first)

    world.do({ type: 'worker.update', workspace_sid, sid: worker.sid, friendly_name: 'Ada L.' })
    expect(standingIn(state)).toMatchObject({ identity: 'Ada L.' })
    expect(made).toBe(2)
    world.do({ type: 'worker.delete', workspace_sid, sid: worker.sid })
    expect([standingIn(state), standingIn(state), made]).toEqual([undefined, undefined, 3])
    expect([standingIn(new World().state), made]).toEqual([undefined, 4])
  })
  it('is looked at again after a change of rows that decide one, and after each reload, and else not', () => {
    const world = new World()
    const { workspace_sid } = world
    let state: typeof world.state | undefined = world.state
    let looks = 0
    const standing = untilChanged(
      () => state,
      () => {
        looks++
        return everything
      }
    )
    expect([standing(), standing(), looks]).toEqual([everything, everything, 1])
    world.do({ type: 'task_queue.create', workspace_sid, friendly_name: 'Support' })
    expect([standing(), looks]).toEqual([everything, 1])
    world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
    expect([standing(), standing(), looks]).toEqual([everything, everything, 2])
    // What is undone is looked at, too.
    world.state.rehearsed(world.state.at, () =>
      world.state.change('workspace', workspace_sid, { friendly_name: 'Elsewhere' })
    )
    expect([standing(), looks]).toEqual([everything, 3])
    state = undefined
    expect([standing(), looks]).toEqual([undefined, 3])
    state = new World().state
    expect([standing(), looks]).toEqual([everything, 4])
  })
  it('follows from no row that is gone when its time is over, without a decision', () => {
    for (const kind of standingKinds) expect([kind, kinds[kind].cold?.until]).toEqual([kind, undefined])
  })
})

describe('a token on a connection', () => {
  it('is taken as long as it stands, and another one there is another caller', async () => {
    const world = new World()
    const { state, workspace_sid } = world
    const { account_sid } = state
    const workers = ['Ada', 'Bob'].map(
      (friendly_name) => world.do({ type: 'worker.create', workspace_sid, friendly_name }).worker.sid
    )
    const holder = { account_sid, state, execute: never, find: never }
    const admission = new Admission({
      authTokens: new Map([[account_sid, 'secret']]),
      account: () => holder as never, // tokens of the account itself ask it for rows alone
      sealing: new Sealing(Buffer.alloc(32)),
      now: () => 0,
      machineNow: () => Date.now(),
      log: pino({ level: 'silent' })
    })
    const credentials = new Credentials([{ username: account_sid, password: 'secret', account_sid }], admission)
    const connection = {}
    const come = async (header: string) => (await credentials.onConnection(connection, header))?.caller.actor?.sid
    const [ada = '', bob = ''] = await Promise.all(workers.map((sid) => headerOf(account_sid, workspace_sid, sid)))
    for (const header of [ada, ada, bob, bob, ada]) expect(await come(header)).toBe(workers[header === ada ? 0 : 1])
    world.do({ type: 'worker.delete', workspace_sid, sid: workers[0] ?? '' })
    await expect(come(ada)).rejects.toThrow('Invalid Access Token')
    expect(await come(bob)).toBe(workers[1])
    expect(await come(ada.replace(/.$/, '')).catch(String)).toMatch('Invalid Access Token')
  })
})

function never(): never {
  throw new Error('invariant: nobody asks')
}

async function headerOf(account_sid: string, workspace_sid: string, worker_sid: string): Promise<string> {
  const token = await new SignJWT({ grants: { task_router: { workspace_sid, worker_sid, role: 'worker' } } })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })
    .setIssuer(account_sid)
    .setSubject(account_sid)
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode('secret'))
  return `Bearer ${token}`
}
