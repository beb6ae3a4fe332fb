/** Key of an index by name inside a parent. */
export function nameKey(parent_sid: string, name: string): string {
  return `${parent_sid}/${name}`
}
