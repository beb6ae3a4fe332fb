/**
 * Errors of MCP Events beside those of the protocol, in one place: they have moved once already. SEP-3415 has other numbers
 * for some of them; these are the ones that clients act upon, and that the official suite's scenarios for events ask for
 * (docs/connect.md).
 */
export const situationErrors = {
  badArguments: -32602,
  unknown: -32011,
  notAllowed: -32012,
  tooMany: -32013,
  notOffered: -32014,
  callbackFailed: -32015
} as const
