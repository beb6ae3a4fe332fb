/** No name that there is comes near a longer text, and to compare texts takes the product of their lengths. */
const maxLength = 128

/** Those of some names that somebody may have meant, the nearest first, three at most. */
function nearNames(text: string, names: readonly string[]): string[] {
  if (text.length > maxLength) return []
  const wanted = text.toLowerCase()
  return names
    .filter((name) => name.length <= maxLength)
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= 0.5)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/** "; near are a and b" for the end of a sentence, or nothing. */
export function nearWords(text: string, names: readonly string[]): string {
  const near = nearNames(text, names)
  return near.length === 0 ? '' : `; near ${near.length === 1 ? 'is' : 'are'} ${near.join(', ')}`
}

/** 0 for the same text, 1 for nothing in common: parts of one another and the same beginning are near. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  if (short.length >= 3 && long.includes(short)) return 0.2
  const words = (text: string) => text.split(/[_\s.-]+/).filter((word) => word.length > 2)
  const shared = words(a).filter((word) =>
    words(b).some((other) => other === word || (word.length > 3 && other.startsWith(word)))
  )
  if (shared.length > 0) return 0.4
  return editsOf(a, b) / long.length
}

function editsOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries())
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? a.length
}
