import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { sortBeside } from './sorting.ts'

it('has SQLite sort beside the data where it could not sort elsewhere', () => {
  const there = mkdtempSync(join(tmpdir(), 'ringdown-sorting-'))
  onTestFinished(() => rmSync(there, { recursive: true }))
  const missing = join(there, 'missing')
  const env = (given: NodeJS.ProcessEnv, folder: string) => {
    sortBeside('data', given, [folder])
    return given
  }
  const beside = { SQLITE_TMPDIR: resolve('data') }
  expect(env({}, there)).toEqual({})
  expect(env({}, missing)).toEqual(beside)
  expect(env({ TMPDIR: there }, missing)).toEqual({ TMPDIR: there })
  expect(env({ TMPDIR: missing, SQLITE_TMPDIR: '' }, missing)).toEqual({ TMPDIR: missing, ...beside })
  expect(env({ SQLITE_TMPDIR: there }, missing)).toEqual({ SQLITE_TMPDIR: there })
})
