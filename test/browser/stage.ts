import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { hasChromium, launched } from './chromium.ts'
import { type Floor, floor } from './floor.ts'

/** A browser, and a contact center that each test has for itself. */
export interface Stage {
  readonly browser: Browser
  readonly center: Floor
}

/** Stories in a browser, each on a floor of its own; left out where there is no browser, which a line says. */
export function onFloor(name: string, tell: (stage: Stage) => void): void {
  describe.skipIf(!hasChromium())(name, { timeout: 90_000 }, () => {
    let browser: Browser
    let center: Floor
    beforeAll(async () => {
      browser = await launched()
    })
    afterAll(() => browser?.close())
    beforeEach(async () => {
      center = await floor(browser)
    }, 90_000)
    afterEach(() => center?.close())
    tell({
      get browser() {
        return browser
      },
      get center() {
        return center
      }
    })
  })
}

/** Somebody begins to work. */
export async function available(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Activity: Offline/ }).click()
  await page.getByRole('menuitem', { name: 'Available', exact: true }).click()
  await page.getByRole('button', { name: /Activity: Available/ }).waitFor()
}

/** Somebody takes what rings, and has it before them. */
export async function accept(page: Page, name: string): Promise<void> {
  await page
    .getByRole('region', { name: `Ringing: ${name}` })
    .getByRole('button', { name: 'Accept' })
    .click()
  await page.getByRole('heading', { name, level: 1 }).waitFor()
}

/** A customer who writes by SMS, in most stories. */
export const lamp = {
  name: 'Ana Ferreira',
  address: '+33600000001',
  text: 'Bonjour, ma lampe est arrivée cassée.'
}

/** The smallest picture. */
export const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

/** Waits for something that no locator waits for; ten seconds at most. */
export async function until(fits: () => Promise<boolean>): Promise<void> {
  const late = new Error('it did not come about')
  for (let tries = 0; tries < 200; tries++) {
    if (await fits()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw late
}
