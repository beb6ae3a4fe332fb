/* What the row `get` uses of autocannon, which comes without types. */
declare module 'autocannon' {
  interface AutocannonOptions {
    readonly url: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    readonly headers: Readonly<Record<string, string>>
  }
  interface AutocannonResult {
    readonly requests: { readonly total: number }
    /** Seconds. */
    readonly duration: number
    readonly non2xx: number
    readonly errors: number
    readonly throughput: { readonly total: number }
  }
  export default function autocannon(options: AutocannonOptions): Promise<AutocannonResult>
}
