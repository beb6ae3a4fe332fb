import { describe, expect, it } from 'vitest'
import { ms, World } from '../testing/world.ts'

/** A center with Ada, who has a user, and a hand on the clock. */
function center() {
  const world = new World({ workspace: { template: 'FIFO' } })
  const { workspace_sid } = world
  const { worker } = world.do({ type: 'worker.create', workspace_sid, friendly_name: 'Ada' })
  const { flex_user } = world.do({ type: 'flex_user.create', username: 'ada', worker_sid: worker.sid })
  const signIn = (cookie_hash = 'c') =>
    world.do({
      type: 'session.start',
      flex_user_sid: flex_user.sid,
      cookie_hash,
      idle_ms: ms('12 h'),
      longest_ms: ms('24 h')
    }).session
  return { world, workspace_sid, worker, user: flex_user, signIn, state: world.state }
}

describe('a session', () => {
  it('ends when it is not used, and in any case after its longest time', () => {
    const { world, state, signIn } = center()
    const { sid } = signIn()
    world.pass('11 h')
    world.do({ type: 'session.touch', sid, idle_ms: ms('12 h') })
    world.pass('11 h')
    world.do({ type: 'session.touch', sid, idle_ms: ms('12 h') })
    expect(state.find('session', sid)).toBeDefined()
    world.pass('3 h')
    expect(state.find('session', sid)).toBeUndefined()
    const second = signIn()
    world.pass('12 h')
    expect(state.find('session', second.sid)).toBeUndefined()
    // Who was signed out by time, and touches, stays out.
    world.do({ type: 'session.touch', sid: second.sid, idle_ms: 1 })
    expect(state.tables.session.size).toBe(0)
  })

  it('is one: the newest', () => {
    const { state, signIn } = center()
    const first = signIn('first')
    const second = signIn('second')
    expect([state.find('session', first.sid), state.find('session', second.sid)?.cookie_hash]).toEqual([
      undefined,
      'second'
    ])
  })

  it('that its user ends takes the worker offline; one that is replaced or ended by others does not', () => {
    const { world, state, workspace_sid, worker, signIn } = center()
    const ready = [...state.tables.activity.by('workspace_sid', workspace_sid)].find(({ available }) => available)
    const goOn = () =>
      world.do({ type: 'worker.update', workspace_sid, sid: worker.sid, activity_sid: ready?.sid ?? '' })
    const isReady = () => state.get('worker', worker.sid).activity_sid === ready?.sid
    goOn()
    signIn('first')
    const second = signIn('second')
    expect(isReady()).toBe(true)
    world.do({ type: 'session.end', sid: second.sid, reason: 'ended' })
    expect(isReady()).toBe(true)
    world.do({ type: 'session.end', sid: signIn().sid, reason: 'signed-out' })
    expect(isReady()).toBe(false)
  })

  it('goes with its user, and with the password that it began with', () => {
    const { world, state, user, signIn } = center()
    signIn()
    world.do({ type: 'flex_user.update', sid: user.sid, full_name: 'Ada L.' })
    expect(state.tables.session.size).toBe(1)
    world.do({ type: 'flex_user.update', sid: user.sid, password: 'hash' })
    expect(state.tables.session.size).toBe(0)
    signIn()
    world.do({ type: 'setup_link.create', flex_user_sid: user.sid, secret_hash: 's', life_ms: 1000 })
    world.do({ type: 'flex_user.delete', sid: user.sid })
    expect([state.tables.session.size, state.tables.setup_link.size]).toEqual([0, 0])
  })
})

describe('a link', () => {
  it('is good for one password, within its time', () => {
    const { world, state, user } = center()
    const link = (secret_hash: string) =>
      world.do({ type: 'setup_link.create', flex_user_sid: user.sid, secret_hash, life_ms: ms('30 min') })
    const follow = (secret_hash: string) => world.do({ type: 'setup_link.use', secret_hash, password: 'hash' })
    link('first')
    link('second')
    expect(world.refusal(() => follow('first'))).toMatch(/^400.* leads nowhere/)
    follow('second')
    expect(state.get('flex_user', user.sid).password).toBe('hash')
    expect(world.refusal(() => follow('second'))).toMatch(/leads nowhere/)
    link('third')
    world.pass('30 min')
    expect(world.refusal(() => follow('third'))).toMatch(/leads nowhere/)
  })
})

describe('a user', () => {
  it('loses a worker who is deleted, and nothing else', () => {
    const { world, state, workspace_sid, worker, user } = center()
    world.do({ type: 'worker.delete', workspace_sid, sid: worker.sid })
    expect(state.get('flex_user', user.sid)).toMatchObject({ username: 'ada', worker_sid: null, workspace_sid: null })
  })
})
