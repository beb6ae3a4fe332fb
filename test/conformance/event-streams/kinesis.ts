import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import kinesalite from 'kinesalite'

/** A server that speaks Kinesis' protocol, on this machine. */
export interface Kinesis {
  readonly url: string
  /** Makes a stream; answers its ARN. */
  create(name: string): Promise<string>
  /** What has been put into a stream, as text, with the key that each record was put under. */
  records(name: string): Promise<{ readonly text: string; readonly key: string }[]>
  close(): Promise<void>
}

export async function kinesis(): Promise<Kinesis> {
  const server = kinesalite({ createStreamMs: 0, deleteStreamMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  const ask = async (operation: string, body: object) => {
    const answer = await fetch(url, { method: 'POST', headers: headersOf(operation), body: JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${operation}: ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  return {
    url,
    async create(name) {
      await ask('CreateStream', { StreamName: name, ShardCount: 1 })
      for (;;) {
        const { StreamDescription } = await ask('DescribeStream', { StreamName: name })
        if (StreamDescription.StreamStatus === 'ACTIVE') return arnOf(name)
        await pause(5)
      }
    },
    async records(name) {
      const shard = { StreamName: name, ShardId: 'shardId-000000000000', ShardIteratorType: 'TRIM_HORIZON' }
      const { Records } = await ask('GetRecords', await ask('GetShardIterator', shard))
      return Records.map(({ Data, PartitionKey }: { Data: string; PartitionKey: string }) => ({
        text: Buffer.from(Data, 'base64').toString('utf8'),
        key: PartitionKey
      }))
    },
    close: () => new Promise((resolve) => server.close(() => resolve()))
  }
}

export function arnOf(name: string): string {
  return `arn:aws:kinesis:us-east-1:123456789012:stream/${name}`
}

/** It looks whether a request is signed, not by whom. */
function headersOf(operation: string): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `Kinesis_20131202.${operation}`,
    'x-amz-date': '20260101T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=a'
  }
}
