import { errorBody } from '@ringdown/contract/errors'
import { InvalidRequest } from '@ringdown/contract/form'
import { operations } from '@ringdown/contract/generated/operations'
import { sealed } from '@ringdown/contract/page-scope'
import { type Cursor, decodeToken, encodeToken, listEnvelope } from '@ringdown/contract/paging'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const hex = '0123456789abcdef0123456789abcdef'
const workers = operations.find(({ id }) => id === 'taskrouter_v1.ListWorker')
if (workers === undefined) throw new Error('No list of workers')
const list = {
  url: (path: string) => `https://taskrouter.example.test${path}`,
  path: `/v1/Workspaces/WS${hex}/Workers`,
  items: [{ sid: `WK${hex}` }]
}

test('the only page of a list', () => {
  const page = { page_size: 50, page: 0, page_token: null, scope: '01234567' }
  const first = `https://taskrouter.example.test/v1/Workspaces/WS${hex}/Workers?PageSize=50&Page=0`
  expect(listEnvelope(workers, { ...list, query: '', page, next: null, previous: null })).toEqual({
    workers: list.items,
    meta: {
      page: 0,
      page_size: 50,
      first_page_url: first,
      previous_page_url: null,
      url: first,
      next_page_url: null,
      key: 'workers'
    }
  })
})

test('a page in the middle repeats the filters, as they came, before its position', () => {
  const next: Cursor = { direction: 'after', key: [2, `WK${hex}`] }
  const previous: Cursor = { direction: 'before', key: [1, `WK${hex}`] }
  const { meta } = listEnvelope(workers, {
    ...list,
    query: 'ActivityName=On+call&PageSize=1&Page=1&PageToken=PT01234567x&Available=1',
    page: { page_size: 1, page: 1, page_token: 'PTx', scope: '01234567' },
    next,
    previous
  })
  const start = `https://taskrouter.example.test/v1/Workspaces/WS${hex}/Workers?ActivityName=On+call&Available=1&PageSize=1`
  expect(meta).toEqual({
    page: 1,
    page_size: 1,
    first_page_url: `${start}&Page=0`,
    previous_page_url: `${start}&Page=0&PageToken=${sealed(encodeToken(previous), '01234567')}`,
    url: `${start}&Page=1&PageToken=PT01234567x`,
    next_page_url: `${start}&Page=2&PageToken=${sealed(encodeToken(next), '01234567')}`,
    key: 'workers'
  })
})

test('every cursor survives its token', () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    fc.integer(),
    fc.constant(null)
  )
  const cursor = fc.record({
    direction: fc.constantFrom('after' as const, 'before' as const),
    key: fc.array(part, { minLength: 1, maxLength: 4 })
  })
  fc.assert(
    fc.property(cursor, (one) => {
      const token = encodeToken(one)
      expect(token).toMatch(/^PT[\w-]+$/)
      expect(decodeToken(token)).toEqual(one)
    })
  )
})

test('the older tokens name the last or the first item of a page', () => {
  expect(decodeToken(`PAWK${hex}`)).toEqual({ direction: 'after', key: [`WK${hex}`] })
  expect(decodeToken(`PBWK${hex}`)).toEqual({ direction: 'before', key: [`WK${hex}`] })
})

test.each(['', 'PT', 'PTabc', 'PT!!!', 'PAxx', 'next', encodeToken({ direction: 'after', key: [] })])(
  'the token %j is refused',
  (token) => {
    expect(() => decodeToken(token)).toThrow(InvalidRequest)
  }
)

test('no token makes the decoder throw anything but InvalidRequest', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `PT${text}`)
      ),
      (token) => {
        try {
          decodeToken(token)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequest)
        }
      }
    )
  )
})

test('an error has the four keys that every SDK knows', () => {
  expect(errorBody({ code: 20404, message: 'The requested resource /Workers/WK1 was not found', status: 404 })).toEqual(
    {
      code: 20404,
      message: 'The requested resource /Workers/WK1 was not found',
      more_info: 'https://www.twilio.com/docs/errors/20404',
      status: 404
    }
  )
})
