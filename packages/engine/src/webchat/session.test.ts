import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

function shop(params: { readonly form?: string; readonly rating?: boolean } = {}) {
  const world = new World()
  world.do({ type: 'flex.setup' })
  const { configuration_address } = world.do({
    type: 'configuration_address.create',
    address_type: 'chat',
    address: 'shop',
    auto_creation_enabled: true
  })
  const { webchat_deployment } = world.do({
    type: 'webchat_deployment.create',
    friendly_name: 'Shop',
    address_sid: configuration_address.sid,
    ...params
  })
  let guests = 0
  const open = (form: object = {}) =>
    world.do({
      type: 'webchat_session.open',
      deployment_sid: webchat_deployment.sid,
      identity: `guest-${++guests}`,
      form
    })
  const session = (sid: string) => world.state.find('webchat_session', sid)
  return { world, deployment_sid: webchat_deployment.sid, open, session }
}

describe('a session', () => {
  it('follows its conversation: over when that is closed, ended a day later', () => {
    const { world, open, session } = shop()
    const { webchat_session, conversation } = open({ friendlyName: 'Ana' })
    const { sid } = webchat_session
    expect(webchat_session).toMatchObject({ status: 'open', generation: 1, identity: 'guest-1' })
    expect(JSON.parse(conversation.attributes)).toMatchObject({ from: 'Ana', webchat: { verified: false } })
    world.do({ type: 'conversation.update', sid: conversation.sid, state: 'closed' })
    expect(session(sid)).toMatchObject({ status: 'over', reason: 'closed' })
    world.do({ type: 'webchat_session.rate', sid, rating: 4, comment: 'Fine' })
    world.pass('23 h')
    // Whoever looks again has no longer for that.
    world.do({ type: 'webchat_session.resume', sid, generation: 1 })
    world.pass('61 min')
    expect(world.refusal(() => world.do({ type: 'webchat_session.rate', sid, rating: 1 }))).toContain('404/20404')
  })

  it('is over for a customer who is taken out of its conversation, or leaves it', () => {
    const { world, open, session } = shop()
    const [one, two] = [open(), open()]
    world.do({ type: 'participant.delete', conversation_sid: one.conversation.sid, sid: 'GUEST-1'.toLowerCase() })
    expect(session(one.webchat_session.sid)).toMatchObject({ status: 'over', reason: 'removed' })
    world.do({ type: 'webchat_session.leave', sid: two.webchat_session.sid })
    expect(session(two.webchat_session.sid)).toMatchObject({ status: 'over', reason: 'customer' })
    expect(world.state.find('conversation', two.conversation.sid)).toMatchObject({ state: 'closed' })
  })

  it('goes with its conversation', () => {
    const { world, open, session } = shop()
    const { webchat_session, conversation } = open()
    world.do({ type: 'conversation.delete', sid: conversation.sid })
    expect(session(webchat_session.sid)).toBeUndefined()
  })

  it('ends where the customer stays away for a week, and not where it comes back', () => {
    const { world, open, session } = shop()
    const [gone, here] = [open().webchat_session.sid, open().webchat_session.sid]
    world.pass('6 d')
    world.do({ type: 'webchat_session.touch', sid: here })
    world.pass('2 d')
    expect([session(gone)?.status ?? 'ended', session(here)?.status]).toEqual(['ended', 'open'])
  })

  it('is not rated where nobody asks, nor beyond five', () => {
    const { world, open } = shop({ rating: false })
    const { sid } = open().webchat_session
    expect(world.refusal(() => world.do({ type: 'webchat_session.rate', sid, rating: 5 }))).toContain('asks nobody')
    const other = shop()
    const own = other.open().webchat_session.sid
    for (const rating of [0, 6, 2.5])
      expect(other.world.refusal(() => other.world.do({ type: 'webchat_session.rate', sid: own, rating }))).toContain(
        '1 to 5'
      )
  })

  it('does not begin where the deployment is not enabled, and goes on where it begins no more', () => {
    const { world, open, deployment_sid, session } = shop()
    const { sid } = open().webchat_session
    world.do({ type: 'webchat_deployment.update', sid: deployment_sid, enabled: false })
    expect(world.refusal(() => open())).toContain('is not enabled')
    world.do({ type: 'webchat_session.resume', sid, generation: 1 })
    expect(session(sid)).toMatchObject({ status: 'open', generation: 2 })
  })
})

describe('handles of a session', () => {
  for (const [what, generations, last] of [
    ['are good once each', [1, 2, 3], 'open'],
    ['are answered again for a minute', [1, 1, 2], 'open'],
    ['that are older than the last end it', [1, 2, 1], 'ended']
  ] as const)
    it(what, () => {
      const { world, open } = shop()
      const { sid } = open().webchat_session
      const results = generations.map((generation) => world.do({ type: 'webchat_session.resume', sid, generation }))
      expect(results.at(-1)?.webchat_session.status).toBe(last)
      expect(results.at(-1)?.isStolen).toBe(last === 'ended')
    })

  it('that come back after a minute were stolen, and those of the future never were', () => {
    const { world, open } = shop()
    const { sid } = open().webchat_session
    world.do({ type: 'webchat_session.resume', sid, generation: 1 })
    expect(world.refusal(() => world.do({ type: 'webchat_session.resume', sid, generation: 3 }))).toContain('404/20404')
    world.pass('61 s')
    expect(world.do({ type: 'webchat_session.resume', sid, generation: 1 }).isStolen).toBe(true)
    expect(world.refusal(() => world.do({ type: 'webchat_session.resume', sid, generation: 2 }))).toContain('404/20404')
  })
})
