import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import { type RoleStanding, remembered } from './caller.ts'

describe('a standing', () => {
  it('is the same object until one of its rows has changed, is gone, or is of another state', () => {
    const world = new World()
    const { state, workspace_sid } = world
    const { worker } = world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
    let made = 0
    const standingIn = remembered(
      (within) => [within.find('workspace', workspace_sid), within.find('worker', worker.sid)],
      (_state, [_workspace, ada]): RoleStanding | undefined => {
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
})
