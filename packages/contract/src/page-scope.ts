/*
 * A page's token says where the page begins, which means something on one list only: another parent's, or the same one
 * under other filters, would answer rows that nobody asked for, or leave some out. So the token carries a mark of its list.
 */

/**
 * The mark of a list: eight hex digits of its name, its parents and its filters, these as they were read and in an order
 * of the list's own. No secret: it keeps out mistakes.
 */
export function scopeOf(
  list: string,
  path: Readonly<Record<string, unknown>>,
  filters: readonly (readonly [name: string, value: unknown])[]
): string {
  const given = filters.filter(([, value]) => value !== undefined)
  return fingerprint(JSON.stringify([list, path, given]))
}

/** A token with the mark of its list, as clients see it. */
export function sealed(token: string, scope: string): string {
  return token.startsWith('PT') ? `PT${scope}${token.slice(2)}` : token
}

/** The token without its mark; null where it has another list's, or none. The older `PA<sid>` has none and needs none. */
export function opened(token: string, scope: string): string | null {
  if (!token.startsWith('PT')) return token
  return token.startsWith(scope, 2) ? `PT${token.slice(2 + scope.length)}` : null
}

/** FNV-1a over the UTF-16 code units. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
