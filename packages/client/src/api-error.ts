import { isJsonObject } from '@ringdown/contract/json-text'

/** An answer that is an error, in the words of the API. */
export class ApiError extends Error {
  /** HTTP status. */
  readonly status: number
  /** The error's number, null where whoever answered (a proxy) gave none. */
  readonly code: number | null

  constructor(status: number, code: number | null, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
  }
}

/** What an answer says that is none of success; `text` is its body. */
export function errorOf({ status, statusText }: Pick<Response, 'status' | 'statusText'>, text: string): ApiError {
  try {
    const answer: unknown = JSON.parse(text)
    const { code, message }: Readonly<Record<string, unknown>> = isJsonObject(answer) ? answer : {}
    if (typeof message === 'string') return new ApiError(status, typeof code === 'number' ? code : null, message)
  } catch {
    // whoever answered speaks no JSON
  }
  return new ApiError(status, null, `HTTP ${status} ${statusText}`.trim())
}
