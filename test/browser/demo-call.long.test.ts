import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildDesk, isDeskStale } from '../../tools/desk.mjs'
import { hasChromium, launched } from './chromium.ts'
import { eventually, patience_ms, story_ms } from './patience.ts'
import { microphone } from './telephone-page.ts'

const { webrtc, why } = await findWebRtc()
if (!webrtc) console.warn(`No WebRTC: the demo's call is left out (${why.join('; ')}).`)
const program = fileURLToPath(new URL('../../packages/cli/bin/ringdown.js', import.meta.url))

describe.skipIf(!webrtc || !hasChromium())('the demo', { timeout: story_ms }, () => {
  // without either, which a line says
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-demo-'))
  let browser: Browser
  let said = ''
  const server = { stop: async () => {} }

  beforeAll(async () => {
    if (isDeskStale()) await buildDesk()
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
  }, story_ms)
  afterAll(async () => {
    await browser?.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has a call between two tabs, with nothing installed', async () => {
    await eventually(() => said).toMatch(/\/desk\/call\?key=/)
    expect(said).toMatch(/voice +browsers call over /)
    const link = (pattern: RegExp) => pattern.exec(said)?.[1] ?? ''
    const amelie = await browser.newPage()
    amelie.setDefaultTimeout(patience_ms)
    await amelie.goto(link(/amelie[\s\S]*?(http\S+\/desk\/setup#\S+)/))
    await amelie.locator('input[name=password]').fill('a long enough password')
    await amelie.getByRole('button').click()
    await amelie.getByRole('button', { name: /Activity: Offline/ }).click()
    await amelie.getByRole('menuitem', { name: 'Available', exact: true }).click()
    const caller = await browser.newPage()
    caller.setDefaultTimeout(patience_ms)
    await caller.goto(link(/(http\S+\/desk\/call\?key=\S+)/))
    await caller.getByRole('button', { name: 'Call' }).click()
    await amelie
      .getByRole('region', { name: 'Ringing: Caller' })
      .getByRole('button', { name: 'Accept' })
      .click()
    await amelie.getByRole('region', { name: 'Phone' }).getByText('Connected').waitFor()
    await caller.getByText('Connected').waitFor()
    await caller.getByRole('button', { name: 'Hang up' }).click()
    await amelie.getByRole('radio', { name: 'Resolved' }).waitFor()
  })
})
