import { describe, expect, it } from 'vitest'
import { type Outgoing, resumed } from './outgoing.ts'

function message(key: string, at: number, state: Outgoing['state'] = 'sending'): Outgoing {
  return { key, at, state, conversation_sid: 'CH1', body: key, media_sid: undefined, media_name: undefined }
}

describe('what is on its way when a page begins', () => {
  it('is what was kept, in its order, and tried again where it has not failed', () => {
    const found = resumed([message('b', 2, 'waiting'), message('a', 1), message('c', 3, 'failed')], [])
    expect(found.map(({ key, state }) => [key, state])).toEqual([
      ['a', 'sending'],
      ['b', 'sending'],
      ['c', 'failed']
    ])
  })

  it('loses nothing of what is written before the kept ones are read, and says nothing twice', () => {
    const written = [message('new', 4), message('kept already', 5)]
    const found = resumed([message('kept already', 5), message('old', 1)], written)
    expect(found.map(({ key }) => key)).toEqual(['old', 'new', 'kept already'])
  })
})
