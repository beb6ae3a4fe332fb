import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { messageOf } from '../store/thrown.ts'
import { type ByteRange, type Incoming, isFileName, type KeptFile, type MediaStore, StoreTrouble } from './store.ts'

export interface S3Place {
  readonly bucket: string
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string
  /** Where files arrive before they are sent there. */
  readonly incoming: string
  /** `AWS_ENDPOINT_URL_S3` and the like; credentials that are not in it come from where AWS's own programs find them. */
  readonly env: NodeJS.ProcessEnv
}

type Sdk = typeof import('@aws-sdk/client-s3')

/** Files in a bucket of S3, or of whatever speaks its protocol. */
export class S3Store implements MediaStore {
  readonly place: string
  readonly incoming: string
  readonly #sdk: Sdk
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  private constructor(sdk: Sdk, { bucket, prefix, incoming, env }: S3Place) {
    this.place = `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}`
    this.incoming = incoming
    this.#sdk = sdk
    this.#bucket = bucket
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.#client = new sdk.S3Client(settingsOf(env))
  }

  /** Asks for the bucket once. Rejects with StoreTrouble where it does not answer. */
  static async open(place: S3Place): Promise<S3Store> {
    await mkdir(place.incoming, { recursive: true, mode: 0o700 })
    // Loaded by whoever keeps media there: it takes longer to load than the server.
    const store = new S3Store(await import('@aws-sdk/client-s3'), place)
    for await (const _ of store.#pages(1)) break
    return store
  }

  async keep({ path, sha256, size }: Incoming): Promise<void> {
    const body = createReadStream(path)
    try {
      await this.#asked(
        this.#client.send(new this.#sdk.PutObjectCommand({ ...this.#object(sha256), Body: body, ContentLength: size }))
      )
    } finally {
      body.destroy()
    }
  }

  async read(sha256: string, range?: ByteRange): Promise<Readable | undefined> {
    const part = range && { Range: `bytes=${range.first}-${range.last}` }
    const found = await this.#found(
      this.#client.send(new this.#sdk.GetObjectCommand({ ...this.#object(sha256), ...part }))
    )
    return found?.Body instanceof Readable ? found.Body : undefined
  }

  async has(sha256: string): Promise<boolean> {
    return (await this.#found(this.#client.send(new this.#sdk.HeadObjectCommand(this.#object(sha256))))) !== undefined
  }

  async remove(sha256: string): Promise<void> {
    await this.#asked(this.#client.send(new this.#sdk.DeleteObjectCommand(this.#object(sha256))))
  }

  async *list(): AsyncGenerator<KeptFile> {
    for await (const { Contents = [] } of this.#pages(1000))
      for (const { Key = '', LastModified } of Contents) {
        const name = Key.slice(Key.lastIndexOf('/') + 1)
        if (isFileName(name)) yield { sha256: name, modified: LastModified?.getTime() ?? 0 }
      }
  }

  close(): void {
    this.#client.destroy()
  }

  async *#pages(size: number) {
    let next: string | undefined
    do {
      const page = await this.#asked(
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix,
            MaxKeys: size,
            ...(next !== undefined && { ContinuationToken: next })
          })
        )
      )
      yield page
      next = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (next !== undefined)
  }

  #object(sha256: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${sha256.slice(0, 2)}/${sha256}` }
  }

  /** Undefined where there is no such file. */
  async #found<T>(answer: Promise<T>): Promise<T | undefined> {
    return this.#asked(
      answer.catch((error: unknown) => {
        if (error instanceof this.#sdk.S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
        throw error
      })
    )
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw new StoreTrouble(`${this.place} does not do it: ${messageOf(error) || String(error)}`, { cause: error })
    }
  }
}

/** What the environment says; AWS's own client reads the rest of it. */
function settingsOf(env: NodeJS.ProcessEnv): NonNullable<ConstructorParameters<typeof S3Client>[0]> {
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = env
  return {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
    // What is not Amazon's has its buckets in the path, and knows no newer checksums.
    ...(endpoint && { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(accessKeyId &&
      secretAccessKey && {
        credentials: { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) }
      })
  }
}
