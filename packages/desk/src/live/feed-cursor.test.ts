import { expect, it } from 'vitest'
import { FeedCursor } from './feed-cursor.ts'

it('follows the frames, and what the server says when it ends', () => {
  const cursor = new FeedCursor('1')
  expect([cursor.take({ cursor: '2' }), cursor.at]).toEqual([false, '2'])
  expect([cursor.take({ end: { cursor: '3' } }), cursor.at]).toEqual([false, '3'])
  expect([cursor.take({}), cursor.at]).toEqual([false, '3'])
})

it('stays where events were lost until all was asked for anew, so that a page which fails at that is told again', () => {
  const cursor = new FeedCursor('1')
  expect([cursor.take({ cursor: '900', truncated: true }), cursor.at]).toEqual([true, '1'])
  expect([cursor.take({ cursor: '901' }), cursor.at]).toEqual([false, '1'])
  cursor.failed()
  expect([cursor.take({ cursor: '950', truncated: true }), cursor.at]).toEqual([true, '1'])
  cursor.restart('951')
  expect([cursor.take({ cursor: '952' }), cursor.at]).toEqual([false, '952'])
})
