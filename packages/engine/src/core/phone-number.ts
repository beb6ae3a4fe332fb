/** The number as a plus and 2 to 15 digits, of which the first begins a country's code and is no zero; null for all else. */
export function e164(text: string): string | null {
  const number = text.trim().replaceAll(/[\s().-]/g, '')
  return /^\+[1-9]\d{1,14}$/.test(number) ? number : null
}
