import { expect, it } from 'vitest'
import { joinedApi } from './generate-api.ts'

const api = JSON.stringify({ openapi: '3.0.1', components: { securitySchemes: { account: {} } } })
const shelves = JSON.stringify({ paths: { '/v1/Shelves': {} }, components: { schemas: { shelf: {} } } })

it("puts the products' parts together", () => {
  const joined = joinedApi(
    new Map([
      ['api.json', api],
      ['books.json', JSON.stringify({ paths: { '/v1/Books': {} } })],
      ['shelves.json', shelves]
    ])
  )
  expect(JSON.parse(joined)).toEqual({
    openapi: '3.0.1',
    paths: { '/v1/Books': {}, '/v1/Shelves': {} },
    components: { securitySchemes: { account: {} }, schemas: { shelf: {} } }
  })
})

it('refuses a path that two parts have, and an API without a beginning', () => {
  const twice = new Map([
    ['api.json', api],
    ['others.json', shelves],
    ['shelves.json', shelves]
  ])
  expect(() => joinedApi(twice)).toThrow('shelves.json has /v1/Shelves, which another part has already')
  expect(() => joinedApi(new Map([['shelves.json', shelves]]))).toThrow('there is no api.json')
})
