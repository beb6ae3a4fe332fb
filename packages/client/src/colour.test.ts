import { describe, expect, it } from 'vitest'
import { type Colour, colourIn, contrast, readableOn, surfaces, textOn, white } from './colour.ts'

describe('the colour of a deployment', () => {
  it.each([
    ['#3554d1', [53, 84, 209]],
    ['#0a7', [0, 170, 119]],
    ['#fff;background:url(https://evil.example)', undefined],
    ['red', undefined],
    [7, undefined]
  ])('%s is read, and nothing else becomes a style', (text, colour) => {
    expect(colourIn(text)).toEqual(colour)
  })

  const accents = ['#3554d1', '#ffd200', '#777777', '#a2492b', '#000000', '#ffffff', '#767676'].map(
    (text) => colourIn(text) as Colour // each is one
  )

  it('carries text that can be read', () => {
    for (const accent of accents) expect(contrast(accent, textOn(accent))).toBeGreaterThanOrEqual(4.5)
  })

  it('is moved until it can be read on the page', () => {
    for (const accent of accents)
      for (const surface of Object.values(surfaces))
        expect(contrast(readableOn(accent, surface), surface)).toBeGreaterThanOrEqual(4.5)
    expect(readableOn([53, 84, 209], white)).toEqual([53, 84, 209])
  })
})
