import { Client } from '@modelcontextprotocol/client'
import { InMemoryServerEventBus, InMemoryTransport, McpServer } from '@modelcontextprotocol/server'
import { expect, it } from 'vitest'
import { registerSubscriptions } from './subscriptions.ts'

/** A client of a server whose resources are told under their address in capitals. */
async function connected() {
  const changes = new InMemoryServerEventBus()
  const server = new McpServer({ name: 'test', version: '0' }, { capabilities: { resources: { subscribe: true } } })
  registerSubscriptions(server, { changes, addressOf: async (uri) => uri.toUpperCase() })
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '0' })
  const told: string[] = []
  client.setNotificationHandler('notifications/resources/updated', ({ params: { uri } }) => void told.push(uri))
  await Promise.all([server.connect(far), client.connect(near)])
  const changed = async (uri: string) => {
    changes.publish({ kind: 'resource_updated', uri })
    await client.ping()
    return told.splice(0)
  }
  return { client, changes, changed }
}

it('a client is told of what it has subscribed to, as it has spelled it, until it has enough or goes', async () => {
  const { client, changes, changed } = await connected()
  expect(changes.listenerCount).toBe(0)
  await client.subscribeResource({ uri: 'a:one' })
  await client.subscribeResource({ uri: 'a:One' })
  await client.subscribeResource({ uri: 'a:One' })
  expect(await changed('A:ONE')).toEqual(['a:one', 'a:One'])
  expect(await changed('A:TWO')).toEqual([])
  await client.unsubscribeResource({ uri: 'a:one' })
  expect(await changed('A:ONE')).toEqual(['a:One'])
  await client.unsubscribeResource({ uri: 'a:One' })
  expect(changes.listenerCount).toBe(0)
  await client.subscribeResource({ uri: 'a:three' })
  expect(changes.listenerCount).toBe(1)
  await client.close()
  expect(changes.listenerCount).toBe(0)
})

it('a client subscribes to a hundred, and to no more', async () => {
  const { client } = await connected()
  for (let n = 0; n < 100; n++) await client.subscribeResource({ uri: `a:${n}` })
  await client.subscribeResource({ uri: 'a:7' })
  await expect(client.subscribeResource({ uri: 'a:more' })).rejects.toMatchObject({ code: -32602 })
})
