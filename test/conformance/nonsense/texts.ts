import fc from 'fast-check'
import { type Center, nowhere } from './center.ts'

/* Texts that make no sense, and JSON that is bent in one place. */

export const odd = fc.constantFrom(
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  '99999999999999999999',
  '2147483648',
  '9007199254740991',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '{"a":1}',
  '"text"',
  '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
  '{"a":1e999,"b":123456789012345678901234567890}',
  '{"a":"\\ud800"}',
  '{"a":"\\u0000"}',
  '{"toString":1,"type":{"toString":1},"status":{"toString":1}}',
  `{"a":${'['.repeat(300)}${']'.repeat(300)}}`,
  `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  '{',
  '2026-03-02T09:00:00Z',
  '9999-99-99T99:99:99Z',
  '0000-01-01T00:00:00+14:00',
  '+275760-09-13T00:00:00Z',
  'PT1M',
  'P999999999Y',
  '__proto__',
  'constructor',
  'toString',
  "level == 'x",
  '((((1==1',
  'skill-level > 3',
  nowhere,
  'http://',
  'http://user:pa%00ss@[::1]:0/\u{1f642}?a=b#c',
  'javascript:alert(1)',
  'x'.repeat(5000),
  'y'.repeat(100_000),
  '🙂'.repeat(40),
  'ﷺ\u202e\ufeff',
  '../../etc',
  "'; DROP TABLE row; --",
  '+15550001111',
  'whatsapp:',
  'a@b'
)

export const text = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 40 }), fc.json({ maxDepth: 3 }))

/** Text as it may stand in a form or query: some of it is no UTF-8. */
export const encoded = fc.oneof(
  { weight: 8, arbitrary: text.map(percent) },
  { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%00', '%ED%A0%80', '%FF%FE', '%C0%80', '+', '=', '&&&') }
)

/** Lone surrogates cannot be sent as UTF-8: they become U+FFFD, as `fetch` makes them. */
export function wellFormed(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8')
}

export function percent(value: string): string {
  return encodeURIComponent(wellFormed(value))
}

// JSON

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** JSON texts that stand where something else belongs; the deepest can only come as text inside of text. */
export const oddJson: readonly string[] = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '9007199254740993',
  '""',
  '" "',
  '"x"',
  '"\\u0000"',
  '"\\ud800"',
  '"+15550009999"',
  '"email:a@b"',
  `"${'z'.repeat(100_000)}"`,
  '[]',
  '[null]',
  '["x","x"]',
  '{}',
  '{"toString":1}',
  '[{"toString":1}]',
  '{"toString":null,"valueOf":null}',
  '{"__proto__":{"status":"closed"},"constructor":1}',
  `${'['.repeat(150)}${']'.repeat(150)}`,
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
]

/** A JSON text like the sample, with one place of it bent; at times what holds that place is written as text itself. */
export function bent(center: Center, sample: Json): fc.Arbitrary<string> {
  const strange = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...oddJson) },
    { weight: 1, arbitrary: fc.constantFrom(...[...center.present.values()].flat()).map((sid) => JSON.stringify(sid)) },
    { weight: 1, arbitrary: text.map((value) => JSON.stringify(value)) }
  )
  const place = fc.constantFrom(...placesOf(sample))
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(JSON.stringify(sample)) },
    {
      weight: 5,
      arbitrary: place.chain((path) =>
        fc
          .tuple(strange, fc.integer({ min: 0, max: 3 * path.length + 2 }))
          .map(([value, depth]) => written(sample, path, value, depth))
      )
    }
  )
}

/** Every place of a value, and in each object one that is not there. */
function placesOf(value: Json): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const inside = Object.entries(value).flatMap(([name, member]) =>
    placesOf(member as Json).map((path) => [name, ...path])
  ) // members of JSON are JSON
  return [[], ...inside, ...(Array.isArray(value) ? [] : [['stranger'], ['__proto__']])]
}

/** The text of a value with something else in one place; what stands at `depth` of the way there is text of its text. */
function written(value: Json, [name, ...rest]: readonly string[], instead: string, depth: number): string {
  const own =
    name === undefined ? instead : member(value, name, written(memberOf(value, name), rest, instead, depth - 1))
  return depth === 0 ? JSON.stringify(own) : own
}

function memberOf(value: Json, name: string): Json {
  const members = value as { readonly [name: string]: Json } // a path leads through objects and lists only
  return Object.hasOwn(members, name) ? (members[name] as Json) : null
}

function member(value: Json, name: string, instead: string): string {
  const texts = Object.entries(value as object).map(([key, one]) => [key, key === name ? instead : JSON.stringify(one)])
  if (Array.isArray(value)) return `[${texts.map(([, one]) => one).join(',')}]`
  const members = texts.some(([key]) => key === name) ? texts : [...texts, [name, instead]]
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${one}`).join(',')}}`
}
