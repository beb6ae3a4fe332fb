/*
 * One name can be written in several forms of Unicode that look the same: `Å` is one character or an `A` with a ring. Names
 * are stored and shown as they were sent, and compared in form C.
 */

/** The form in which names are compared. */
export function nameForm(name: string): string {
  // Below U+0300 form C changes nothing, and most names are there.
  return /[\u0300-\uffff]/.test(name) ? name.normalize('NFC') : name
}

/** The same without regard to letter case, where the API says so. */
export function foldedName(name: string): string {
  return nameForm(nameForm(name).toLowerCase())
}

export function isSameName(a: string, b: string): boolean {
  return a === b || nameForm(a) === nameForm(b)
}
