import { readFileSync } from 'node:fs'
import { type Colour, colourIn, contrast, surfaces } from '@ringdown/client/colour'
import { describe, expect, it } from 'vitest'

/* Whatever is written can be read on what it stands on, in both themes: 4.5 to 1 for text, 3 to 1 for what controls consist of. */

type Theme = 'light' | 'dark'

/** The colours of a theme, by name: those of both pages, and those of the desk. */
function coloursOf(theme: Theme): ReadonlyMap<string, Colour> {
  const files = ['packages/client/src/page/tokens.css', 'packages/desk/src/tokens.css']
  const blocks = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8').split('@media')[0] ?? ''
    const [, light = '', dark = ''] = /:root \{([\s\S]*?)\}[\s\S]*?data-theme="dark"\] \{([\s\S]*?)\}/.exec(text) ?? []
    return theme === 'light' ? [light] : [light, dark]
  })
  return new Map(
    blocks.flatMap((block) =>
      [...block.matchAll(/--([\w-]+): (#[\da-f]+);/g)].map(([, name = '', text]): [string, Colour] => {
        const colour = colourIn(text)
        if (!colour) throw new Error(`${name} is no colour: ${text}`)
        return [name, colour]
      })
    )
  )
}

const pairs: readonly (readonly [least: number, text: string, behind: readonly string[]])[] = [
  [4.5, 'text', ['bg', 'surface', 'surface-2', 'raised', 'hover', 'selected', 'note', 'bubble-in', 'bubble-out']],
  [4.5, 'text-2', ['bg', 'surface', 'surface-2', 'raised', 'hover', 'selected', 'note']],
  [4.5, 'text-3', ['bg', 'surface', 'surface-2', 'raised', 'hover', 'selected']],
  [4.5, 'accent-text', ['surface', 'surface-2', 'raised', 'accent-soft', 'selected']],
  [4.5, 'on-accent', ['accent', 'accent-hover']],
  [4.5, 'ok', ['surface', 'ok-soft']],
  [4.5, 'warn', ['surface', 'surface-2', 'warn-soft']],
  [4.5, 'bad', ['surface', 'surface-2', 'bad-soft']],
  [3, 'line-strong', ['surface', 'surface-2']],
  ...[0, 1, 2, 3, 4, 5].map((tint) => [4.5, `tint-${tint}-text`, [`tint-${tint}`]] as const)
]

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  const colours = coloursOf(theme)
  const known = (name: string): Colour => {
    const colour = colours.get(name)
    if (!colour) throw new Error(`there is no --${name}`)
    return colour
  }

  it.each(pairs)('at least %s to 1 lies between %s and %j', (least, text, behind) => {
    for (const name of behind) expect(contrast(known(text), known(name)), name).toBeGreaterThanOrEqual(least)
  })

  it('accents are measured against the surface that there is', () => {
    expect(known('surface')).toEqual(surfaces[theme])
  })
})
