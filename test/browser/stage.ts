import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { hasChromium, launched } from './chromium.ts'
import { type Floor, floor } from './floor.ts'
import { story_ms } from './patience.ts'

/** A browser, and a contact center that each test has for itself. */
export interface Stage {
  readonly browser: Browser
  readonly center: Floor
}

/** Stories in a browser, each on a floor of its own; left out where there is no browser, which a line says. */
export function onFloor(name: string, tell: (stage: Stage) => void): void {
  describe.skipIf(!hasChromium())(name, { timeout: story_ms }, () => {
    let browser: Browser
    let center: Floor
    beforeAll(async () => {
      browser = await launched()
    }, story_ms)
    afterAll(() => browser?.close())
    beforeEach(async () => {
      center = await floor(browser)
    }, story_ms)
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

/** Amelie's page, in a browser that may notify her, and keeps what it has notified. */
export async function notified({ ringdown, open }: Floor): Promise<Page> {
  const { account_sid } = ringdown.running.credentials
  await ringdown.call('/flex-api/v1/Configuration', undefined, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account_sid, notifications: { enabled: true, mode: 'always' } })
  })
  const page = await open('amelie')
  await page.context().addInitScript({
    content: `
      window.shown = []
      window.Notification = class {
        static permission = 'granted'
        static requestPermission = async () => 'granted'
        close() {}
        constructor(title) { window.shown.push(title) }
      }`
  })
  await page.reload()
  await page.getByRole('button', { name: /Account/ }).click()
  await page.getByRole('checkbox', { name: 'Show notifications of this browser' }).check()
  await page.keyboard.press('Escape')
  return page
}

/** What the tabs of such a browser have notified since they were loaded, all together. */
export async function notifications(tabs: readonly Page[]): Promise<readonly string[]> {
  return (await Promise.all(tabs.map((tab) => tab.evaluate<string[]>('window.shown')))).flat().sort()
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
