import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'

/** Something on this machine that speaks S3's protocol, with an empty bucket. */
export interface Bucket {
  /** `s3://…` */
  readonly place: string
  /** What programs find it by. */
  readonly env: NodeJS.ProcessEnv
  close(): Promise<void>
}

export async function bucket(name = 'media'): Promise<Bucket> {
  const directory = await mkdtemp(join(tmpdir(), 'ringdown-bucket-'))
  const server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name }] })
  const { port } = await server.run()
  return {
    place: `s3://${name}/ringdown`,
    env: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER'
    },
    async close() {
      await server.close()
      await rm(directory, { recursive: true, force: true })
    }
  }
}
