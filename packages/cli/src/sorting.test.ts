import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { sortBeside } from './sorting.ts'

it('has SQLite sort beside the data, unless somebody has said where', () => {
  const env = (given: NodeJS.ProcessEnv) => {
    sortBeside('data', given)
    return given
  }
  expect(env({})).toEqual({ SQLITE_TMPDIR: resolve('data') })
  expect(env({ TMPDIR: '/scratch' })).toEqual({ TMPDIR: '/scratch' })
  expect(env({ SQLITE_TMPDIR: '/sorts' })).toEqual({ SQLITE_TMPDIR: '/sorts' })
  expect(env({ SQLITE_TMPDIR: '', TMPDIR: '' })).toMatchObject({ SQLITE_TMPDIR: resolve('data') })
})
