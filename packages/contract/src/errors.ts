/** The body of every answer that is an error (reference rest-conventions 10). */
export interface ErrorBody {
  code: number
  message: string
  more_info: string
  status: number
}

/**
 * Makes the standard error envelope. `code` is Twilio's number, `status` the HTTP status. Never more than these four
 * keys: official SDKs throw another class when they see `type`, `title` and `detail` of RFC 9457.
 */
export function errorBody({ code, message, status }: { code: number; message: string; status: number }): ErrorBody {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
}
