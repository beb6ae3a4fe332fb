import { describe, expect, it } from 'vitest'
import { type Outgoing, resumed } from './outgoing.ts'

function message(key: string, at: number, state: Outgoing['state'] = 'sending'): Outgoing {
  const media = { media_sid: undefined, media_name: undefined }
  return { key, at, state, user_sid: 'FU1', conversation_sid: 'CH1', body: key, ...media }
}

describe('what is on its way when a page begins', () => {
  it('is what was kept, in its order, and tried again where it has not failed', () => {
    const found = resumed([message('b', 2, 'waiting'), message('a', 1), message('c', 3, 'failed')], [], 'FU1')
    expect(found.map(({ key, state }) => [key, state])).toEqual([
      ['a', 'sending'],
      ['b', 'sending'],
      ['c', 'failed']
    ])
  })

  it('loses nothing of what is written before the kept ones are read, and says nothing twice', () => {
    const written = [message('new', 4), message('kept already', 5)]
    const found = resumed([message('kept already', 5), message('old', 1)], written, 'FU1')
    expect(found.map(({ key }) => key)).toEqual(['old', 'new', 'kept already'])
  })

  it('is none of whoever was signed in here before: nobody sends what somebody else has written', () => {
    const waiting = message('written by Ada', 1, 'waiting')
    const found = resumed([message('kept of Bob', 2)], [waiting], 'FU2')
    expect(found.map(({ key, user_sid }) => [key, user_sid])).toEqual([['kept of Bob', 'FU2']])
  })
})
