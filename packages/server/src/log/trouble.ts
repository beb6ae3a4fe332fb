/** What an event says that tells of something that went wrong. */
interface LoggedError {
  readonly level: 'error' | 'warning'
  readonly product: string
  /** Twilio's number, where there is one. */
  readonly error_code: number | null
  readonly message: string
}

const products: Readonly<Record<string, string>> = {
  'carrier.failing': 'messaging',
  'ringdown.call.document-failed': 'voice',
  'ringdown.message-webhook.failed': 'messaging',
  'ringdown.sound.gone': 'voice'
}

/** Types whose number is the one that Twilio's own error has. */
const numbered: readonly string[] = ['ringdown.call.document-failed', 'ringdown.message-webhook.failed']

/** As the debugger shows it, and Event Streams tell it. */
export function troubleIn(type: string, data: Readonly<Record<string, unknown>>, description: string): LoggedError {
  const number = numbered.includes(type) ? data.code : data.error_code
  return {
    level: type === 'ringdown.warning' || data.level === 'warning' ? 'warning' : 'error',
    product: type === 'error.logged' ? String(data.product) : (products[type] ?? 'taskrouter'),
    error_code: typeof number === 'number' ? number : null,
    message: String(data.message ?? data.reason ?? description)
  }
}
