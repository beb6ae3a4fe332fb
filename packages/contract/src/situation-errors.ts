/** Errors of MCP Events beside those of the protocol, in one place: they have moved once already. */
export const situationErrors = {
  badArguments: -32602,
  unknown: -32011,
  notAllowed: -32012,
  tooMany: -32013,
  notOffered: -32014,
  callbackFailed: -32015
} as const
