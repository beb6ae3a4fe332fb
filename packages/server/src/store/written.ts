/** The value of JSON text that this server wrote itself, so that whoever reads it knows its type. */
export function written<T>(text: string): T {
  return JSON.parse(text) as T // as it was written
}
