import {
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  type ServerEventBus
} from '@modelcontextprotocol/server'

/** Resources that one client may listen to. */
const maxSubscriptions = 100

interface Subscriptions {
  /** Where it is told that resources have changed. */
  readonly changes: ServerEventBus
  /** The address under which changes of a resource are told; undefined for one that there is not. */
  readonly addressOf: (uri: string, context: ServerContext) => Promise<string | undefined>
  readonly onerror?: ((error: unknown) => void) | undefined
}

/**
 * `resources/subscribe` and `resources/unsubscribe`, for clients before 2026-07-28 on a connection that lasts: later ones
 * listen. The feed is followed while somebody has subscribed.
 */
export function registerSubscriptions({ server }: McpServer, { changes, addressOf, onerror }: Subscriptions): void {
  /** As the client spells them, by the address under which they are told. */
  const wanted = new Map<string, Set<string>>()
  let stop: (() => void) | undefined
  const end = () => {
    stop?.()
    stop = undefined
  }
  const tell = (address: string) => {
    for (const uri of wanted.get(address) ?? []) server.sendResourceUpdated({ uri }).catch((error) => onerror?.(error))
  }
  const closed = server.onclose
  server.onclose = () => {
    end()
    closed?.()
  }
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }, context) => {
    const address = await addressOf(uri, context)
    if (address === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no resource ${uri}`, { uri })
    const count = [...wanted.values()].reduce((sum, { size }) => sum + size, 0)
    if (count >= maxSubscriptions && !wanted.get(address)?.has(uri))
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `${maxSubscriptions} resources are subscribed to already`
      )
    wanted.set(address, new Set([...(wanted.get(address) ?? []), uri]))
    stop ??= changes.subscribe((event) => event.kind === 'resource_updated' && tell(event.uri))
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', async ({ params: { uri } }) => {
    for (const [address, spelled] of wanted) {
      if (spelled.delete(uri) && spelled.size === 0) wanted.delete(address)
    }
    if (wanted.size === 0) end()
    return {}
  })
}
