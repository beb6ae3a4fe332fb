import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasChromium, launched } from './chromium.ts'
import { eventually } from './eventually.ts'
import { builds, chatOf } from './floor.ts'
import { patience_ms, story_ms } from './patience.ts'
import { microphone } from './telephone-page.ts'

/* What somebody does first: the demo's links in two tabs, with nothing installed. */

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: the demo's call is left out (${why.join('; ')}).`)
const program = fileURLToPath(new URL('../../packages/cli/bin/ringdown.js', import.meta.url))

describe.skipIf(!hasChromium())('the demo', { timeout: story_ms }, () => {
  // without a browser, which a line says
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-demo-'))
  let browser: Browser
  let amelie: Page
  let said = ''
  const server = { stop: async () => {} }

  beforeAll(async () => {
    const all = await builds()
    if (all.isDeskStale()) await all.buildDesk()
    if (all.isWebchatStale()) await all.buildWebchat()
    const child = spawn(process.execPath, [program, 'start', '--demo', '--port', '0', '--data', folder], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    server.stop = async () => {
      child.kill('SIGTERM')
      await exited
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    browser = await launched(microphone)
    // Whoever plays Amelie is in after a password, and works after one click.
    amelie = await opened(await link(/amelie[\s\S]*?(http\S+\/desk\/setup#\S+)/))
    await amelie.locator('input[name=password]').fill('a long enough password')
    await amelie.getByRole('button').click()
    await amelie.getByRole('button', { name: 'Become Available' }).click()
    await amelie.getByText('Ready for', { exact: false }).waitFor()
  }, story_ms)
  afterAll(async () => {
    await browser?.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const link = async (pattern: RegExp): Promise<string> => {
    await vi.waitFor(() => expect(said).toMatch(pattern), { timeout: patience_ms })
    return pattern.exec(said)?.[1] ?? ''
  }
  const opened = async (url: string) => {
    const page = await browser.newPage()
    page.setDefaultTimeout(patience_ms)
    await page.goto(url)
    return page
  }
  const shop = async () => opened(await link(/(http\S+\/webchat\/demo\?key=\S+)/))

  it('has a visitor of its shop ring first, and be answered', async () => {
    const visitor = await shop()
    await visitor.getByRole('button', { name: 'Something is wrong with it' }).click()
    const chat = await chatOf(visitor)
    await chat.getByRole('textbox').press('Enter')
    const offer = amelie.getByRole('region', { name: /Ringing: Visitor/ })
    await offer.getByText('My order 1234 arrived broken.').waitFor()
    expect(await amelie.getByRole('region', { name: /^Ringing/ }).count()).toBe(1)
    await offer.getByRole('button', { name: 'Accept' }).click()
    await amelie.getByRole('textbox', { name: /^Write to Visitor/ }).fill('A new one is on its way.')
    await amelie.getByRole('button', { name: /^Send/ }).click()
    await chat.getByRole('log').getByText('A new one is on its way.').waitFor()
    await visitor.context().close()
  })

  it('is the same by keys alone', async () => {
    const visitor = await shop()
    await visitor.getByRole('button', { name: 'Something is wrong with it' }).focus()
    await visitor.keyboard.press('Tab')
    await visitor.keyboard.press('Enter')
    const chat = await chatOf(visitor)
    await chat.getByRole('textbox').waitFor()
    await eventually(() => chat.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    await visitor.keyboard.type('Is there a blue one?')
    await visitor.keyboard.press('Enter')
    await amelie
      .getByRole('region', { name: /Ringing: Visitor/ })
      .getByText('Is there a blue one?')
      .waitFor()
    await amelie.keyboard.press('Escape')
    await amelie.keyboard.press('a')
    await amelie.getByRole('log').getByText('Is there a blue one?').waitFor()
    await amelie.keyboard.press('c')
    await amelie.keyboard.type('There is.')
    await amelie.keyboard.press('Enter')
    await chat.getByRole('log').getByText('There is.').waitFor()
    await visitor.context().close()
  })

  it.skipIf(!webrtc)('has a call between two tabs', async () => {
    // without WebRTC, which a line says
    expect(said).toMatch(/voice +browsers call over /)
    const caller = await opened(await link(/(http\S+\/desk\/call\?key=\S+)/))
    await caller.getByRole('button', { name: 'Call' }).click()
    await amelie.getByRole('region', { name: 'Ringing: Caller' }).getByRole('button', { name: 'Accept' }).click()
    await amelie.getByRole('region', { name: 'Phone' }).getByText('Connected').waitFor()
    await caller.getByText('Connected').waitFor()
    await caller.getByRole('button', { name: 'Hang up' }).click()
    await amelie.getByRole('radio', { name: 'Resolved' }).waitFor()
  })
})
