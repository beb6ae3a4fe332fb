/** A text without what stores cannot keep: U+0000 and lone surrogates. */
export function wholeText(text: string): string {
  return text.replaceAll('\0', '').replaceAll(/\p{Cs}/gu, '\ufffd')
}

/** The same for all texts in a value of JSON and what stands in its place; bytes stay as they are. */
export function wholeTexts<T>(value: T): T {
  if (typeof value === 'string') return wholeText(value) as T // as it was
  if (Array.isArray(value)) return value.map(wholeTexts) as T // as above
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, wholeTexts(one)])) as T // as above
}
