import type { KinesisClient, KinesisClientConfig } from '@aws-sdk/client-kinesis'
import { request as dial } from 'undici'
import type { Outcome } from './delivery.ts'
import { Patience } from './patience.ts'
import type { KinesisSender } from './transport.ts'

/*
 * Records for Kinesis streams. Who we are there is found by AWS's own rules (environment, profile, machine), and where
 * Kinesis answers can be set by theirs (`AWS_ENDPOINT_URL_KINESIS`). A sink's `role_arn` and `external_id` are kept but
 * not assumed: that would take another of their libraries. Whoever runs the server gives it credentials that may write.
 */

/** Puts one record into its stream. What Kinesis answers is the outcome; the SDK's own retries are off. */
export const putRecord: KinesisSender = async (
  { stream, json },
  { kind, idempotency_token, patience = new Patience() }
) => {
  const { region, name } = placeOf(stream.arn)
  const abort = new AbortController()
  patience.whenOver(() => abort.abort())
  patience.begin(kind.timeout_ms)
  try {
    const { client, PutRecordCommand } = await clientFor(region)
    const command = new PutRecordCommand({
      StreamName: name,
      StreamARN: stream.arn,
      Data: new TextEncoder().encode(json),
      // Any text will do, as records are in no order (reference events 3); the same over all attempts.
      PartitionKey: idempotency_token
    })
    const { ShardId, SequenceNumber } = await client.send(command, { abortSignal: abort.signal })
    return { status: 200, headers: {}, body: JSON.stringify({ ShardId, SequenceNumber }) }
  } catch (error) {
    return outcomeOf(error, patience.isLate)
  } finally {
    patience.end()
  }
}

/** `arn:aws:kinesis:<region>:<account>:stream/<name>`, as a sink's configuration was checked to be. */
function placeOf(arn: string): { region: string; name: string } {
  const [, , , region = '', , resource = ''] = arn.split(':')
  return { region, name: resource.slice('stream/'.length) }
}

const clients = new Map<string, KinesisClient>()

/** The library is loaded with the first record: few have a stream, and it is large. */
async function clientFor(region: string) {
  const library = await import('@aws-sdk/client-kinesis')
  const client = clients.get(region) ?? new library.KinesisClient({ ...config, region })
  clients.set(region, client)
  return { client, PutRecordCommand: library.PutRecordCommand }
}

/** Over HTTP/1.1: the SDK would speak HTTP/2, which stand-ins for Kinesis do not. */
const config: KinesisClientConfig = {
  maxAttempts: 1,
  requestHandler: {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle({ protocol, hostname, port, path, headers, body }: SdkRequest, options?: SdkOptions) {
      const url = `${protocol}//${hostname}${port ? `:${port}` : ''}${path}`
      const answer = await dial(url, { method: 'POST', headers, body, signal: options?.abortSignal })
      const told = Object.entries(answer.headers).map(([name, value]) => [name, String(value ?? '')] as const)
      return { response: { statusCode: answer.statusCode, headers: Object.fromEntries(told), body: answer.body } }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({})
  }
}

/** A request as the SDK makes it; those of Kinesis are all POST, without a query. */
interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Uint8Array
}

interface SdkOptions {
  readonly abortSignal?: AbortSignal
}

/** What Kinesis refuses has a status; anything else never got there. */
function outcomeOf(error: unknown, isLate: boolean): Outcome {
  if (isLate) return { failed: 'timeout', reason: 'Kinesis did not answer in time' }
  const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } } // errors of the SDK
  const status = $metadata?.httpStatusCode
  if (status !== undefined) return { status, headers: {}, body: `${name}: ${message}` }
  return { failed: 'connection', reason: `${name}: ${message}`.slice(0, 200) }
}
