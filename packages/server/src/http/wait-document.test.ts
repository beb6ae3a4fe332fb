import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTwiml } from '../twiml/document.ts'
import { Served } from './fixture.ts'

let server: Served
beforeAll(async () => {
  server = await Served.open()
})
afterAll(() => server.close())

const url = '/ringdown/v1/twiml/wait-with-callback'

describe('the document for those who wait', () => {
  it.each(['GET', 'POST'] as const)(
    'is there for anybody who asks by %s, and is one that can be read',
    async (method) => {
      const { statusCode, headers, body } = await server.app.inject({ method, url: `${url}?step=offer` })
      expect([statusCode, headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8'])
      expect(readTwiml(body, 'voice')).toMatchObject({
        warnings: [],
        verbs: [
          { verb: 'Gather', attributes: { action: `${url}?step=offer` }, children: [{ verb: 'Say' }, { verb: 'Play' }] }
        ]
      })
    }
  )

  it('is not changed there', async () => {
    expect((await server.app.inject({ method: 'DELETE', url })).statusCode).toBe(405)
  })
})
