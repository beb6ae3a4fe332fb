import { effect } from '@preact/signals'
import { type Colour, colourIn, cssOf, readableOn, surfaces, textOn } from '@ringdown/client/colour'
import { known } from './deployment.ts'
import { direction, words } from './words.ts'

const defaultAccent: Colour = [53, 84, 209]

/** Light or dark, the deployment's colour, the language and its direction: followed for as long as there is a page. */
export function followTheme(chosen: 'auto' | 'light' | 'dark'): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const draw = () => {
    const root = document.documentElement
    const theme = known.value?.theme ?? {}
    const wanted = chosen === 'auto' ? theme.color_scheme : chosen
    const scheme = wanted === 'light' || wanted === 'dark' ? wanted : system.matches ? 'dark' : 'light'
    const accent = colourIn(theme.accent) ?? defaultAccent
    const radius = Number(theme.radius ?? 16)
    root.dataset.theme = scheme
    root.style.setProperty('--accent', cssOf(accent))
    root.style.setProperty('--on-accent', cssOf(textOn(accent)))
    for (const name of ['light', 'dark'] as const)
      root.style.setProperty(`--accent-on-${name}`, cssOf(readableOn(accent, surfaces[name])))
    root.style.setProperty('--radius', `${Number.isFinite(radius) ? Math.min(24, Math.max(0, radius)) : 16}px`)
    root.lang = words.value.lang
    root.dir = direction.value
  }
  effect(draw)
  system.addEventListener('change', draw)
}
