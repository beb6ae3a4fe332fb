import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, WebSocketRoute } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'
import { worldOf } from '../support/world.ts'
import { hasChromium, launched } from './chromium.ts'
import { eventually, keptBy } from './eventually.ts'
import { floorIn } from './floor.ts'
import { story_ms } from './patience.ts'
import { accept, available, lamp, notifications, notified, onFloor } from './stage.ts'

/* What becomes of a desk when the machine below it, or the server behind it, is gone for a while. */

onFloor('a desk that was away', (stage) => {
  it('is live again as soon as the machine wakes up, with what was missed, and tells it once', async () => {
    const { center } = stage
    const page = await notified(center)
    const context = page.context()
    // A socket that dies in sleep says nothing of it: nothing comes any more, and nothing closes.
    const sockets: { dead: boolean; route: WebSocketRoute }[] = []
    await context.routeWebSocket(/Events\/socket/, (route) => {
      const socket = { dead: false, route }
      sockets.push(socket)
      const server = route.connectToServer()
      route.onMessage((message) => void (socket.dead || server.send(message)))
      server.onMessage((message) => void (socket.dead || route.send(message)))
    })
    await context.clock.install()
    await page.reload()
    await available(page)
    const ana = await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    // Two tabs, and in neither of them somebody looks at Ana.
    const second = await context.newPage()
    const tabs = [page, second]
    for (const tab of tabs) {
      await tab.goto(`${center.ringdown.running.url}/desk/`)
      await tab.getByRole('button', { name: /^Ana Ferreira/ }).waitFor()
    }
    for (const socket of sockets) socket.dead = true
    await center.says(ana, 'Are you there?')
    await center.contact({ ...lamp, name: 'Marek Nowak', address: '+48600000003' })
    await page.waitForTimeout(300)
    for (const tab of tabs) expect(await tab.getByText('Are you there?').count()).toBe(0)
    await context.clock.fastForward('10:00')
    for (const tab of tabs) {
      await tab.getByText('Are you there?').waitFor()
      await tab.getByRole('region', { name: 'Ringing: Marek Nowak' }).waitFor()
      await tab.getByText('Reconnecting.', { exact: false }).waitFor({ state: 'detached' })
    }
    await eventually(() => notifications(tabs)).toEqual(['Ana Ferreira', 'Marek Nowak'])
    await page.getByRole('button', { name: /^Ana Ferreira/ }).click()
    const log = page.getByRole('log')
    await log.getByText('Are you there?').waitFor()
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('I am back')
    await page.keyboard.press('Enter')
    await log.getByText('I am back').waitFor()
    expect(await log.getByText('Are you there?').count()).toBe(1)
    expect(await notifications(tabs)).toEqual(['Ana Ferreira', 'Marek Nowak'])
  })
})

onFloor('a desk behind a proxy whose server is away', (stage) => {
  it('says what is written as soon as it is back, and neither a file that stays away nor one that is taken back stands in its way', async () => {
    const { center } = stage
    const { conversation_sid } = await center.contact(lamp)
    const page = await center.open('amelie')
    await available(page)
    await accept(page, 'Ana Ferreira')
    const badGateway = { status: 502, contentType: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' }
    await page.route('**/Media?*', (route) => route.fulfill(badGateway), { times: 1 })
    let refused = 0
    await page.route('**/Messages', (route) => {
      if (route.request().method() !== 'POST' || refused === 2) return route.fallback()
      refused++
      return route.fulfill(badGateway)
    })
    const picker = page.locator('input[type=file]')
    const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('x') })
    await picker.setInputFiles(file('away.txt'))
    await page
      .getByText(/away.txt could not be uploaded: HTTP 502/)
      .first()
      .waitFor()
    await page.route('**/Media?*', () => {}, { times: 1 }) // nobody answers
    await picker.setInputFiles(file('never.txt'))
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('I am here')
    await page.keyboard.press('Enter')
    await page
      .getByText(/A file is still on its way/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Stop uploading never.txt' }).click()
    await page.getByRole('button', { name: 'Stop uploading never.txt' }).waitFor({ state: 'detached' })
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).press('Enter')
    const log = page.getByRole('log')
    await log.getByText('I am here').waitFor()
    const said = async () => {
      const { body } = await center.ringdown.call(`/conversations/v1/Conversations/${conversation_sid}/Messages`)
      return body.messages.map((one: { body: string }) => one.body)
    }
    await eventually(said).toEqual([lamp.text, 'I am here'])
    expect(refused).toBe(2)
    expect(await page.getByText(/never.txt could not/).count()).toBe(0)
  })
})

describe.skipIf(!hasChromium())('a desk whose server is killed', { timeout: story_ms }, () => {
  // without a browser, which a line says
  let browser: Browser
  let folder: string
  let server: Started
  let args: readonly string[]

  beforeAll(async () => {
    browser = await launched()
  }, story_ms)
  afterAll(() => browser?.close())
  // A second try begins anew, too.
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringdown-desk-kill-'))
    args = ['--data', folder, '--port', String(await freePort()), '--test-clock', '--at', '2026-03-02T09:00:00Z']
    server = await started(args)
  }, story_ms)
  afterEach(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('after it has kept a message and before it has answered sends that once, and keeps what was begun', async () => {
    const center = await floorIn(worldOf(server.url, credentials), browser)
    const page = await center.open('amelie')
    await available(page)
    const people = ['Ana Ferreira', 'Marek Nowak', 'Jonas Weber']
    const contacts = []
    for (const [index, name] of people.entries()) {
      contacts.push(await center.contact({ ...lamp, name, address: `+3360000000${index}` }))
      await accept(page, name)
      await page.getByRole('textbox', { name: `Write to ${name}` }).fill(`For ${name}`)
    }
    for (const name of people) await eventually(() => keptBy(page)).toContain(`For ${name}`)
    // Whatever was drawn anew meanwhile, she is still where she writes.
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Write to Jonas Weber')
    let killed = 0
    await page.route('**/Messages', async (route) => {
      if (route.request().method() !== 'POST' || killed > 0) return route.continue()
      killed++
      await route.fetch()
      await server.kill()
      await route.abort('connectionreset')
    })
    await page.keyboard.press('Enter')
    await eventually(() => killed).toBe(1)
    await page.getByText('Reconnecting.', { exact: false }).waitFor()
    server = await started(args)
    await page.getByText('Sending…').waitFor({ state: 'detached' })
    await page.getByText('Reconnecting.', { exact: false }).waitFor({ state: 'detached' })
    await page.reload()
    for (const name of people.slice(0, 2)) {
      await page.getByRole('button', { name: new RegExp(`^${name}`) }).click()
      const box = page.getByRole('textbox', { name: `Write to ${name}` })
      await box.waitFor()
      expect(await box.inputValue()).toBe(`For ${name}`)
    }
    const again = worldOf(server.url, credentials)
    const { body } = await again.call(`/conversations/v1/Conversations/${contacts[2]?.conversation_sid}/Messages`)
    expect(body.messages.map((one: { body: string }) => one.body)).toEqual([lamp.text, 'For Jonas Weber'])
    await center.close()
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo // it listens
  await new Promise((resolve) => probe.close(resolve))
  return port
}
