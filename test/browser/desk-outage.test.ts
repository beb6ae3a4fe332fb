import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credentials, type Started, started } from '../support/process.ts'
import { worldOf } from '../support/world.ts'
import { hasChromium, launched } from './chromium.ts'
import { floorIn } from './floor.ts'
import { accept, available, lamp, onFloor, until } from './stage.ts'

/* What becomes of a desk when the machine below it, or the server behind it, is gone for a while. */

onFloor('a desk that was away', (stage) => {
  it('is live again as soon as the machine wakes up, with what was missed, and tells it once', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    // A socket that dies in sleep says nothing of it: nothing comes any more, and nothing closes.
    const sockets: { dead: boolean; route: WebSocketRoute }[] = []
    await page.routeWebSocket(/Events\/socket/, (route) => {
      const socket = { dead: false, route }
      sockets.push(socket)
      const server = route.connectToServer()
      route.onMessage((message) => void (socket.dead || server.send(message)))
      server.onMessage((message) => void (socket.dead || route.send(message)))
    })
    await page.clock.install()
    await page.reload()
    await available(page)
    const ana = await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    for (const socket of sockets) socket.dead = true
    await center.says(ana, 'Are you there?')
    await page.waitForTimeout(300)
    const missed = page.getByRole('log').getByText('Are you there?')
    expect(await missed.count()).toBe(0)
    await page.clock.fastForward('10:00')
    await missed.waitFor({ timeout: 5000 })
    expect(await missed.count()).toBe(1)
    expect(await page.getByText('Reconnecting.', { exact: false }).count()).toBe(0)
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('I am back')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('I am back').waitFor()
  })
})

describe.skipIf(!hasChromium())('a desk whose server is killed', { timeout: 120_000 }, () => {
  // without a browser, which a line says
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-desk-kill-'))
  let browser: Browser
  let server: Started
  let args: readonly string[]

  beforeAll(async () => {
    args = ['--data', folder, '--port', String(await freePort()), '--test-clock', '--at', '2026-03-02T09:00:00Z']
    server = await started(args)
    browser = await launched()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
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
    await page.waitForTimeout(500) // drafts are kept after 300 ms
    let killed = 0
    await page.route('**/Messages', async (route) => {
      if (route.request().method() !== 'POST' || killed > 0) return route.continue()
      killed++
      await route.fetch()
      await server.kill()
      await route.abort('connectionreset')
    })
    await page.keyboard.press('Enter')
    await until(async () => killed > 0)
    await page.getByText('Reconnecting.', { exact: false }).waitFor()
    server = await started(args)
    await page.getByText('Sending…').waitFor({ state: 'detached', timeout: 40_000 })
    await page.getByText('Reconnecting.', { exact: false }).waitFor({ state: 'detached', timeout: 40_000 })
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
