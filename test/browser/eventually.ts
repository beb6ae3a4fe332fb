import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { patience_ms } from './patience.ts'

/** Waits for what no locator waits for; what it was at last is said where it does not come about. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: patience_ms, interval: 50 })
}

/** Everything that a page keeps in its browser beyond its life: what was written is there after a reload. */
export function keptBy(page: Page): Promise<string> {
  return page.evaluate(
    `new Promise((resolve, reject) => {
      const request = indexedDB.open('ringdown-desk')
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const all = request.result.transaction('kept').objectStore('kept').getAll()
        all.onerror = () => reject(all.error)
        all.onsuccess = () => {
          request.result.close()
          resolve(JSON.stringify(all.result))
        }
      }
    })`
  )
}
