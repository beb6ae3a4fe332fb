import { type Colour, colourIn, contrast, cssOf, readableOn, surfaces, white } from '@ringdown/client/colour'
import { useEffect } from 'react'
import { useConfiguration } from '../live/desk.ts'
import { featureOf } from '../live/features.ts'
import { objectIn, textIn } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { preferences, usualLanguage } from './preferences.ts'
import type { SignedInUser } from './session.ts'

/** The factory's `ui_language`: it says nothing, so the browser's language counts. */
const unsaid = 'en'

/** What the configuration says of every screen: its language, and the colour of the house. */
export function useConfigured(user: SignedInUser): void {
  const { data: configuration } = useConfiguration()
  const { theme } = useStore(preferences)
  const { ui_language } = objectIn(configuration)
  const general = typeof ui_language === 'string' && ui_language !== unsaid ? ui_language : undefined
  const { locale } = user
  useEffect(() => usualLanguage.set(locale ?? general), [locale, general])
  const accent = accentOf(configuration)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme stands on another surface
  useEffect(() => paint(colourIn(accent)), [accent, theme])
}

/** `custom_data.ringdown.branding.accent`, or the colour that the template's feature `branding` gives the main header. */
function accentOf(configuration: unknown): string | undefined {
  const { ui_attributes } = objectIn(configuration)
  const branding = featureOf(configuration, 'branding')
  return (
    textIn(ui_attributes, 'custom_data', 'ringdown', 'branding', 'accent') ??
    (branding.enabled === true && branding.use_custom_colors === true
      ? textIn(branding, 'custom_colors', 'main_header_background')
      : undefined)
  )
}

/** Takes the colour where it carries white text and is seen on the surface; else the nearest that does. */
function paint(accent: Colour | undefined): void {
  const { style, dataset } = document.documentElement
  const names = ['--accent', '--accent-hover', '--accent-text']
  if (!accent) {
    for (const name of names) style.removeProperty(name)
    return
  }
  const surface = surfaces[dataset.theme === 'dark' ? 'dark' : 'light']
  const filled = contrast(accent, white) >= 4.5 ? accent : readableOn(accent, white)
  style.setProperty('--accent', cssOf(filled))
  style.setProperty('--accent-hover', cssOf(filled))
  style.setProperty('--accent-text', cssOf(readableOn(accent, surface)))
}
