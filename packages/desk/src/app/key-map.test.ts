import { describe, expect, it } from 'vitest'
import { fixedKeys, isCombination, keyIn, keysBy } from './key-map.ts'

const none = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false }

describe('keys', () => {
  for (const chosen of [{}, { key_preset: 'flex' }] as const)
    it(`do one thing each: ${JSON.stringify(chosen)}`, () => {
      const keys = [...keysBy(chosen).map(([, key]) => key), ...Object.keys(fixedKeys)].filter((key) => key !== '')
      expect(new Set(keys).size).toBe(keys.length)
      // What begins a sequence does nothing by itself.
      const begins = keys.flatMap((key) => (key.includes(' ') ? [key.split(' ')[0]] : []))
      expect(keys.filter((key) => begins.includes(key))).toEqual([])
    })

  it('are those that somebody has chosen, before those of Flex, before ours', () => {
    const keys = new Map(keysBy({ key_preset: 'flex', keys: { accept: 'Mod+J', reject: '' } }))
    expect([keys.get('accept'), keys.get('reject'), keys.get('end'), keys.get('note')]).toEqual([
      'Mod+J',
      '',
      'Mod+Shift+1',
      'N'
    ])
  })

  it.each([
    [{ key: 'a', code: 'KeyA' }, 'A'],
    [{ key: '?', code: 'Slash', shiftKey: true }, '?'],
    [{ key: 'ф', code: 'KeyA' }, 'A'],
    [{ key: 'K', code: 'KeyK', ctrlKey: true, shiftKey: true }, 'Mod+Shift+K'],
    [{ key: '!', code: 'Digit1', ctrlKey: true, shiftKey: true }, 'Mod+Shift+1'],
    [{ key: 'Enter', code: 'Enter', ctrlKey: true, shiftKey: true }, 'Mod+Shift+Enter'],
    [{ key: 'ArrowDown', code: 'ArrowDown', altKey: true }, 'Alt+ArrowDown'],
    [{ key: 'F6', code: 'F6', shiftKey: true }, 'Shift+F6'],
    [{ key: 'Shift', code: 'ShiftLeft', shiftKey: true }, undefined]
  ])('%o is %s', (event, key) => {
    expect(keyIn({ ...none, ...event }, false)).toBe(key)
  })

  it('alone do nothing while somebody is typing', () => {
    expect(['A', '?', 'G D'].filter(isCombination)).toEqual([])
    expect(['Mod+K', 'Alt+ArrowUp', 'F6'].filter((key) => !isCombination(key))).toEqual([])
  })
})
