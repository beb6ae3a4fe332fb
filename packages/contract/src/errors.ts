/** The body of every answer that is an error (reference rest-conventions 10). */
export interface ErrorBody {
  code: number
  message: string
  more_info: string
  status: number
  details?: Readonly<Record<string, unknown>>
}

/**
 * Makes the standard error envelope. `code` is Twilio's number, `status` the HTTP status. Never more than these four
 * keys, and `details` where the original has them: official SDKs throw another class when they see `type`, `title` and
 * `detail` of RFC 9457.
 */
export function errorBody({
  code,
  message,
  status,
  details
}: Omit<ErrorBody, 'more_info' | 'details'> & { readonly details?: ErrorBody['details'] | undefined }): ErrorBody {
  const more_info = `https://www.twilio.com/docs/errors/${code}`
  return { code, message, more_info, status, ...(details && { details }) }
}
