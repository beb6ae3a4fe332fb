import axe from 'axe-core'
import type { Frame, Page } from 'playwright-core'
import { expect } from 'vitest'

/** What axe looks for, and its complaints in a line each. */
const lookedThrough = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((found) =>
  found.violations.flatMap(({ id, nodes }) => nodes.map((one) => id + ': ' + one.html.slice(0, 200) + ' ' + one.failureSummary.slice(0, 240)))
)`

/** Looks through what is shown, in both themes: nothing is in anybody's way. */
export async function calm(page: Page | Frame): Promise<void> {
  const theme = await page.evaluate('document.documentElement.dataset.theme')
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe.source)
  for (const one of ['light', 'dark']) {
    await page.evaluate(`document.documentElement.dataset.theme = '${one}'`)
    expect(await page.evaluate(lookedThrough)).toEqual([])
  }
  await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
}
