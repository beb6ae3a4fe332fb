import { describe, expect, it } from 'vitest'
import { Presence } from './presence.ts'

const whose = (identity: string, conversation_sid = 'CH1') => ({ conversation_sid, chat_service_sid: 'IS1', identity })

describe('who types and who looks', () => {
  it('is known for seconds, and longer when it is said again', () => {
    const presence = new Presence()
    presence.set('typing', whose('ana'), 0)
    presence.set('typing', whose('bob'), 1_000)
    presence.set('typing', whose('ana'), 5_000)
    presence.set('typing', whose('ana', 'CH2'), 5_000)
    const known = (now: number) => presence.of('typing', 'CH1', now).map(({ identity }) => identity)
    expect(known(5_000)).toEqual(['bob', 'ana'])
    expect(known(7_000)).toEqual(['ana'])
    expect(presence.of('typing', 'CH1', 7_000)).toMatchObject([{ began_at: 0, ends_at: 11_000 }])
    expect(known(11_000)).toEqual([])
    expect(presence.of('viewing', 'CH1', 0)).toEqual([])
  })

  it('is news at first, and once a second when it is only renewed', () => {
    const presence = new Presence()
    const news = [0, 10, 999, 1_000, 1_500, 2_000].map((now) => presence.set('typing', whose('ana'), now).isNews)
    expect(news).toEqual([true, false, false, true, false, true])
    expect(presence.end('typing', whose('ana'), 2_000)).toBe(true)
    expect(presence.end('typing', whose('ana'), 2_000)).toBe(false)
    expect(presence.set('typing', whose('ana'), 2_001).isNews).toBe(true)
  })

  it('is bounded: the oldest go', () => {
    const presence = new Presence()
    for (let n = 0; n < 10_001; n++) presence.set('viewing', whose(`agent ${n}`), n % 2)
    const known = presence.of('viewing', 'CH1', 1)
    expect(known).toHaveLength(10_000)
    expect(known[0]?.identity).toBe('agent 1')
  })
})
