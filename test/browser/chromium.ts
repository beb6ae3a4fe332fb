import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where a Chromium is installed; undefined where none is. */
function chromiumPath(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env
  if (CHROMIUM !== undefined) return existsSync(CHROMIUM) ? CHROMIUM : undefined
  const places = [...PATH.split(delimiter), '/usr/bin', '/Applications/Google Chrome.app/Contents/MacOS']
  return places.flatMap((place) => names.map((name) => join(place, name))).find((path) => existsSync(path))
}

/** Says in a line why tests in a browser are left out; whether there is one. */
export function hasChromium(): boolean {
  const isThere = chromiumPath() !== undefined
  if (!isThere)
    console.warn('No Chromium: tests in a browser are left out (apt-get install chromium, or CHROMIUM=path).')
  return isThere
}

/** @param more - switches beside those that all tests have. */
export async function launched(more: readonly string[] = []): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error('there is no Chromium')
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--disable-background-networking',
      '--autoplay-policy=no-user-gesture-required',
      ...more
    ]
  })
}
