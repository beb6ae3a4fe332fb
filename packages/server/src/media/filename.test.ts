import { describe, expect, it } from 'vitest'
import { contentDisposition, fileNameOf } from './filename.ts'

describe('a name', () => {
  it.each([
    ['car.jpg', 'car.jpg'],
    ['Rechnung März (2).pdf', 'Rechnung März (2).pdf'],
    ['写真.png', '写真.png'],
    ['👩‍🚒.gif', '👩‍🚒.gif'],
    // Paths
    ['../../etc/passwd', 'passwd'],
    ['D:\\photos\\ada\\car.jpg', 'car.jpg'],
    ['/absolute', 'absolute'],
    ['folder/', undefined],
    ['..', undefined],
    ['.bashrc', 'bashrc'],
    ['name. . .', 'name'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['console.txt', 'console.txt'],
    // What hides what it is
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['\u2066a\u2069\u200f.txt', 'a.txt'],
    ['a\u0000.jpg\r\nX-Evil: 1', 'a.jpgX-Evil: 1'],
    ['line\u2028break.txt', 'linebreak.txt'],
    ['\ufeffa\u200b.txt', 'a.txt'],
    ['half \ud83d.txt', 'half .txt'],
    ['tab\there', 'tabhere'],
    ['  a   b  ', 'a b'],
    [`x${'.'.repeat(500_000)}x.png`, `x${'.'.repeat(195)}.png`],
    ['', undefined],
    [undefined, undefined],
    // One letter in two forms
    ['u\u0308ber.txt', 'über.txt']
  ])('%j is kept as %j', (given, kept) => {
    expect(fileNameOf(given)).toBe(kept)
  })

  it('that is long keeps its end, and no half of a character', () => {
    const name = fileNameOf(`${'ü'.repeat(300)}.jpeg`) ?? ''
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
    expect(name).toMatch(/^ü+\.jpeg$/)
    expect(fileNameOf(`a.${'x'.repeat(300)}`)).toHaveLength(200)
  })

  it.each([
    ['car.jpg', 'inline; filename="car.jpg"'],
    ['Ü "1".pdf', `inline; filename="_ _1_.pdf"; filename*=UTF-8''%C3%9C%20%221%22.pdf`],
    ["it's (1)*.txt", `inline; filename="it_s (1)_.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`],
    [null, 'inline']
  ])('%j stands in a header', (name, header) => {
    expect(contentDisposition('inline', name)).toBe(header)
  })
})
