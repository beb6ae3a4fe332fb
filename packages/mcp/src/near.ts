/** A name as it is compared: canonical equivalents (NFC) are one, and so are upper and lower case and spaces around. */
const nameKey = (name: string): string => name.trim().toLowerCase().normalize('NFC')

/** The things that go by a name: those called so exactly, or else so in another Unicode form, or else in another case. */
export function called<T>(text: string, things: readonly T[], namesOf: (thing: T) => readonly string[]): readonly T[] {
  const same = (key: (name: string) => string) => {
    const wanted = key(text)
    return things.filter((thing) => namesOf(thing).some((name) => key(name) === wanted))
  }
  const keys = [(name: string) => name, (name: string) => name.normalize('NFC'), nameKey]
  return keys.map(same).find((hits) => hits.length > 0) ?? []
}

/** No name that there is comes near a longer text, and to compare texts takes the product of their lengths. */
const maxLength = 512

/**
 * The candidates that somebody may have meant by `text`, nearest first, five at most: those that contain it or are
 * contained in it, begin alike, or are few keystrokes away.
 */
export function near<T extends { readonly text: string }>(text: string, candidates: readonly T[]): readonly T[] {
  if (text.length > maxLength) return []
  return candidates
    .filter((candidate) => candidate.text.length <= maxLength)
    .map((candidate) => ({
      candidate,
      distance: Math.min(distanceOf(nameKey(text), nameKey(candidate.text)), hidden(text, candidate.text))
    }))
    .filter(({ distance }) => distance <= 0.5)
    .sort((a, b) => a.distance - b.distance || (a.candidate.text < b.candidate.text ? -1 : 1))
    .slice(0, 5)
    .map(({ candidate }) => candidate)
}

const wordsOf = (text: string): readonly string[] => text.split(/(?=[A-Z])|[\s_.-]+/).map(nameKey)

/** Near when all words of the one stand in the other: `serviceSid` in `flexServiceInstanceSid`. */
function hidden(text: string, candidate: string): number {
  const [few, many] = [wordsOf(text), wordsOf(candidate)]
  return few.length > 1 && few.every((word) => many.includes(word)) ? 0.2 + 0.01 * (many.length - few.length) : 1
}

/** 0 for the same text, 1 for nothing in common. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0
  if (a.length < 2 || b.length < 2) return 1
  const edits = levenshtein(a, b) / Math.max(a.length, b.length)
  const inside = a.includes(b) || b.includes(a) ? 0.3 : 1
  return Math.min(edits, inside)
}

function levenshtein(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
