import { expect, it } from 'vitest'
import { type ApiFile, operationsOf } from './generate-operations.ts'

/** An API with one list of shelves. */
function shelves(PageSize: object | undefined): ApiFile {
  const file = {
    servers: [{ url: 'http://127.0.0.1:8080/ringdown' }],
    paths: {
      '/v1/Shelves': {
        get: {
          operationId: 'ListShelf',
          parameters: PageSize ? [{ name: 'PageSize', in: 'query', schema: PageSize }] : [],
          responses: {
            200: {
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    properties: {
                      shelves: { type: 'array', items: { $ref: '#/components/schemas/ringdown.v1.shelf' } },
                      meta: { type: 'object' }
                    }
                  }
                }
              }
            }
          }
        }
      }
    },
    components: { schemas: { 'ringdown.v1.shelf': { type: 'object', properties: { sid: { type: 'string' } } } } }
  }
  return file as unknown as ApiFile // as JSON.parse would give it
}

it('takes a list whose pages have a largest size', () => {
  const [list] = operationsOf('ringdown_v1', shelves({ type: 'integer', maximum: 1000 }))
  expect(list).toMatchObject({ listKey: 'shelves', page: { size: 50, max: 1000 } })
})

it('refuses a list without pages: its handler could answer none', () => {
  for (const size of [undefined, { type: 'integer' }])
    expect(() => operationsOf('ringdown_v1', shelves(size))).toThrow('ListShelf must answer a list and take a PageSize')
})
