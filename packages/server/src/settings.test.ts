import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultSettings } from '@ringdown/engine/settings'
import { expect, it } from 'vitest'
import { readSettings, settingsOf } from './settings.ts'

it('what a file does not name stays as it is by default', () => {
  expect(settingsOf({})).toEqual(defaultSettings)
  expect(settingsOf({ limits: { workers: 3 }, rates: { expression_lists: 3 }, activities: [['Away', false]] })).toEqual(
    {
      ...defaultSettings,
      limits: { ...defaultSettings.limits, workers: 3 },
      rates: {
        ...{ expression_lists: 3, bulk_statistics: null, conversation_changes: null, execution_starts: null },
        webchat_chats: 5
      },
      activities: [['Away', false]]
    }
  )
})

it.each<[unknown, string]>([
  [[], 'The setting file must be an object.'],
  [null, 'The setting file must be an object.'],
  [{ limit: {} }, 'There is no setting limit; there are limits, rates,'],
  [{ limits: { wokers: 3 } }, 'There is no setting limits.wokers; limits are workspaces,'],
  [JSON.parse('{"__proto__":{}}'), 'There is no setting __proto__'],
  [{ limits: { workers: -1 } }, 'The setting limits.workers must be a whole number of at least 1.'],
  [{ limits: { workers: '3' } }, 'The setting limits.workers must be a whole number of at least 1.'],
  [{ limits: 3 }, 'The setting limits must be an object.'],
  [{ rates: { expression_lists: 0 } }, 'The setting rates.expression_lists must be null, or a whole number'],
  [{ close_on_last_wrapup: 1 }, 'The setting close_on_last_wrapup must be true or false.'],
  [{ activities: [] }, 'The setting activities must be a list of at least one [name, available]'],
  [
    {
      activities: [
        ['A', true],
        ['A', false]
      ]
    },
    'The setting activities must be a list'
  ],
  [{ activities: [{ A: true }] }, 'The setting activities must be a list']
])('%j is refused by its place', (value, message) => {
  expect(() => settingsOf(value)).toThrow(message)
})

it('a file that is not there, or is no JSON, is refused in one line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-settings-'))
  const path = join(folder, 'settings.json')
  await expect(readSettings(path)).rejects.toThrow(`Cannot read the settings ${path}: ENOENT.`)
  await writeFile(path, '{')
  await expect(readSettings(path)).rejects.toThrow(`The settings ${path} are not valid JSON`)
  await writeFile(path, '{"limits":{"tasks":7}}')
  expect((await readSettings(path)).limits.tasks).toBe(7)
  await rm(folder, { recursive: true })
})
