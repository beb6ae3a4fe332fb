/** A number that somebody has written, as it is called; undefined where it is none. */
export function numberIn(text: string): string | undefined {
  const number = text.replaceAll(/[\s().-]/g, '')
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined
}
