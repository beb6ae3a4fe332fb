/** Languages that are written from right to left. */
const rightToLeft = new Set('ar ckb dv fa he iw ps sd ug ur yi'.split(' '))

/** How a language is written (`ar-EG`, `fr`). */
export function directionOf(language: string): 'ltr' | 'rtl' {
  const [wanted = ''] = language.toLowerCase().split(/[-_]/)
  return rightToLeft.has(wanted) ? 'rtl' : 'ltr'
}
