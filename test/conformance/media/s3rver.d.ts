/* What the tests of media use of s3rver, which comes without types. */
declare module 's3rver' {
  export default class S3rver {
    constructor(options: {
      readonly port: number
      readonly address: string
      readonly silent: boolean
      readonly directory: string
      readonly configureBuckets: readonly { readonly name: string }[]
    })
    /** Resolves with where it listens. */
    run(): Promise<{ readonly port: number }>
    close(): Promise<void>
  }
}
