import { describe, expect, it } from 'vitest'
import { World } from '../testing/world.ts'

describe('the preferences of a user', () => {
  it('are kept as they were written, and go with the user', () => {
    const world = new World()
    const { sid: flex_user_sid } = world.do({ type: 'flex_user.create', username: 'nora' }).flex_user
    const keep = (preferences: string) => world.do({ type: 'preferences.update', flex_user_sid, preferences })
    keep('{"theme":"dark"}')
    expect(keep('{ "theme": "light", "n": 1.0 }').preferences).toMatchObject({
      sid: flex_user_sid,
      preferences: '{ "theme": "light", "n": 1.0 }'
    })
    world.do({ type: 'flex_user.delete', sid: flex_user_sid })
    expect(world.state.tables.preferences.size).toBe(0)
    expect(world.refusal(() => keep('{}'))).toMatch(/^404/)
  })

  it('are an object of 16 KB at most', () => {
    const world = new World()
    const { sid: flex_user_sid } = world.do({ type: 'flex_user.create', username: 'nora' }).flex_user
    for (const preferences of ['[]', '1', 'dark', '', `{"a":"${'x'.repeat(16_384)}"}`])
      expect(world.refusal(() => world.do({ type: 'preferences.update', flex_user_sid, preferences }))).toMatch(
        /^400\/20001 Preferences must/
      )
  })
})
