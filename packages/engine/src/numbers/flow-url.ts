/** The path of a flow's own address, as it is pasted into a number or a messaging service (reference studio 3). */
const flowPath =
  /^https?:\/\/[^/?#]+(?:\/webhooks)?\/v1\/Accounts\/(AC[0-9a-f]{32})\/Flows\/(FW[0-9a-f]{32})\/?(?:[?#]|$)/i

/** The flow of this account whose address it is: what goes there is not sent over HTTP. Undefined for any other address. */
export function flowSidIn(url: string, account_sid: string): string | undefined {
  const [, account, flow] = flowPath.exec(url) ?? []
  return account === account_sid ? flow : undefined
}
