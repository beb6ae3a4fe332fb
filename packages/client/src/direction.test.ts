import { expect, it } from 'vitest'
import { directionOf } from './direction.ts'

it.each([
  ['ar-EG', 'rtl'],
  ['he', 'rtl'],
  ['CKB', 'rtl'],
  ['fr-FR', 'ltr'],
  ['arn', 'ltr'],
  ['', 'ltr']
])('%s is written %s', (language, direction) => {
  expect(directionOf(language)).toBe(direction)
})
