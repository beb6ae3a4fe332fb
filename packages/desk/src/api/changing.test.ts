import { ApiError } from '@ringdown/client/api-error'
import { expect, it } from 'vitest'
import { changeAsItIs } from './changing.ts'

it('a change is made to what is there now, and once more where somebody else was faster', async () => {
  let kept = { version: 1, help_asked: false, language: 'en' }
  // A colleague changes the language between the first reading and the first writing.
  let isColleagueHere = true
  const changed = await changeAsItIs(
    async () => kept,
    async (now) => {
      if (isColleagueHere) kept = { ...kept, version: 2, language: 'fr' }
      isColleagueHere = false
      if (now.version !== kept.version) throw new ApiError(412, null, 'It has been changed')
      kept = { ...now, version: 3, help_asked: true }
    }
  )
  expect(kept).toEqual({ version: 3, help_asked: true, language: 'fr' })
  expect(changed.version).toBe(2)
})

it('what is refused for another reason is not tried again', async () => {
  let tries = 0
  const write = async () => {
    tries++
    throw new ApiError(403, null, 'Forbidden')
  }
  await expect(changeAsItIs(async () => 1, write)).rejects.toThrow('Forbidden')
  expect(tries).toBe(1)
})
