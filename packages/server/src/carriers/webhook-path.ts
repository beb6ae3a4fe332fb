/** Where a carrier's network sends what comes in, below this server's address. */
export function webhookPathOf(carrier_sid: string): string {
  return `/ringdown/v1/Carriers/${carrier_sid}/Webhook`
}
