import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasChromium, launched } from './chromium.ts'
import { eventually } from './eventually.ts'
import { chatOf, type Floor, floor } from './floor.ts'
import { story_ms } from './patience.ts'
import { accept, available, lamp } from './stage.ts'

/*
 * Pictures of the desk for the README and the documents, and of widths and states that somebody has to look at now and then:
 * `npm run pictures` writes the first into docs/pictures and all of them into .build/pictures. Otherwise those of docs/pictures
 * are compared with what is drawn now, where they were made by the same browser on the same machine: fonts and smoothing
 * differ elsewhere.
 */

const kept = join('docs', 'pictures')
const looked = join('.build', 'pictures')
const isWanted = process.env.PICTURES !== undefined
/** By which browser those of docs/pictures were made. */
const madeBy = join(kept, 'made-by.txt')
/** So many of its points may differ. */
const tolerance = 0.002

describe.skipIf(!hasChromium())('pictures', { timeout: 2 * story_ms }, () => {
  // without a browser, which a line says
  let browser: Browser
  let center: Floor

  beforeAll(async () => {
    for (const folder of [kept, looked]) mkdirSync(folder, { recursive: true })
    browser = await launched()
    center = await floor(browser)
    const maker = `Chromium ${browser.version()} on ${platform()} ${arch()}\n`
    if (isWanted) writeFileSync(madeBy, maker)
    isCompared = !isWanted && existsSync(madeBy) && readFileSync(madeBy, 'utf8') === maker
    if (!isWanted && !isCompared)
      console.warn(`Pictures are not compared: those of ${kept} were made by another browser than ${maker.trim()}.`)
  }, story_ms)
  afterAll(async () => {
    await center?.close()
    await browser?.close()
  })

  it('are as they were', async () => {
    if (!isWanted && !isCompared) return
    const page = await center.open('amelie')
    await page.getByText('Nothing waits for you').waitFor()
    await both(page, 'empty')
    await available(page)
    // What they are answered arrives.
    for (const Address of ['+48600000003', '+33600000001', '+49600000004'])
      await center.ringdown.call('/ringdown/v1/Phones', { Address })
    await center.contact({
      name: 'Marek Nowak',
      address: '+48600000003',
      text: 'My meter shows zero since yesterday.',
      language: 'en'
    })
    await accept(page, 'Marek Nowak')
    await say(page, 'Marek Nowak', 'I have reset the meter, please try it again in ten minutes.')
    const ana = await center.contact({
      name: 'Ana Ferreira',
      address: '+33600000001',
      text: 'Bonjour, ma commande 1234 est arrivée cassée.'
    })
    await accept(page, 'Ana Ferreira')
    await say(page, 'Ana Ferreira', 'Bonjour Ana, je suis désolée. C’est bien l’abat-jour qui est fendu ?')
    await page.getByRole('tab', { name: 'Note', exact: true }).click()
    await page
      .getByRole('textbox', { name: 'Note' })
      .fill('Stock check: 14 left in Lyon. @bob can approve replacement without return.')
    await page.keyboard.press('Enter')
    await page.getByRole('tab', { name: 'Reply by SMS' }).click()
    await center.ringdown.pass(42)
    await center.says(ana, 'Oui exactement, seulement l’abat-jour.')
    await center.says(ana, 'Oui, j’ai encore l’emballage d’origine.')
    await page
      .getByRole('textbox', { name: 'Write to Ana Ferreira' })
      .fill('Parfait, je vous envoie un nouvel abat-jour aujourd’hui.')
    await center.contact({
      name: 'Jonas Weber',
      address: '+49600000004',
      text: 'Doppelte Abbuchung auf meiner letzten Rechnung',
      language: 'de'
    })
    await page.getByRole('region', { name: 'Ringing: Jonas Weber' }).waitFor()
    await page.waitForTimeout(1500)
    await both(page, 'desk', kept)
    await widths(page)
    await page.keyboard.press('Escape')
    await page
      .getByRole('button', { name: /Marek Nowak/ })
      .first()
      .click()
    await page.getByRole('button', { name: 'Park', exact: true }).click()
    await page.getByRole('button', { name: 'Parked' }).click()
    await both(page, 'parked')
    await page.keyboard.press('Shift+?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await both(page, 'keys')
    await page.keyboard.press('Escape')
    const nora = await center.open('nora')
    await center.ringdown.pass(61)
    for (let i = 0; i < 6; i++)
      await center.contact({
        name: ['Samir Haddad', 'Lena Fischer', 'Tom Baker', 'Mei Lin', 'Otto Kern', 'Ida Holm'][i] ?? '',
        address: `+4470000000${i}`,
        text: 'Hello?',
        language: 'en'
      })
    await center.ringdown.pass(90)
    await nora.getByRole('link', { name: 'Queues' }).click()
    await nora.getByRole('button', { name: 'Why does it wait? Samir Haddad' }).click()
    await nora.getByText('Filter support matched').waitFor()
    await nora.waitForTimeout(500)
    await both(nora, 'queues', kept)
    await webchat(center)
  })

  it('of what customers send, and of a contact that is handed over, are as they were', async () => {
    if (!isWanted && !isCompared) return
    const other = await floor(browser)
    try {
      const page = await other.open('amelie')
      await available(page)
      const ana = await other.contact({
        ...lamp,
        text: 'This is my <b>order</b>: <img src=x onerror=alert(1)> https://example.com/orders/1234'
      })
      await other.ringdown.call('/ringdown/v1/Phones', { Address: ana.address })
      await accept(page, lamp.name)
      const picker = page.locator('input[type=file]')
      for (const [name, mimeType, buffer] of [
        ['lamp.png', 'image/png', readFileSync(join(kept, 'webchat-light.png'))],
        ['order.html', 'text/html', Buffer.from('<h1>Order 1234</h1>')],
        ['plan.svg', 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')]
      ] as const) {
        await picker.setInputFiles({ name, mimeType, buffer })
        await page.getByRole('button', { name: `Remove ${name}` }).waitFor()
        await page.getByRole('button', { name: 'Send', exact: false }).click()
        await page.getByText('Sending…').waitFor({ state: 'detached' })
      }
      await page.getByRole('img', { name: 'Picture lamp.png' }).waitFor()
      await picker.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(17_000_000) })
      await page
        .getByRole('region', { name: 'Notices' })
        .getByText(/large.png is larger than/)
        .waitFor()
      await page.mouse.move(0, 0)
      await both(page, 'files', kept)
      await page.getByRole('button', { name: 'Close' }).click()
      await page.getByRole('button', { name: 'Transfer', exact: true }).click()
      const panel = page.getByRole('dialog', { name: 'Transfer' })
      await panel.getByRole('option', { name: /bob/ }).waitFor()
      await panel.getByRole('textbox', { name: 'Note to the next colleague' }).fill('She wants a new shade.')
      await page.mouse.move(0, 0)
      await both(page, 'transfer', kept)
    } finally {
      await other.close()
    }
  })
})

/** A visitor of the made-up shop, answered by somebody who has a name. */
async function webchat(center: Floor): Promise<void> {
  const key = await center.shop({
    Texts: JSON.stringify({ title: 'Lamps & Light', greeting: 'Hello! How can we help?' })
  })
  const url = `${center.ringdown.running.url}/webchat/demo?key=${key}`
  const page = await center.visit(url, { viewport: { width: 1100, height: 780 } })
  await page.getByRole('button', { name: 'Something is wrong with it' }).click()
  const chat = await chatOf(page)
  await chat.getByRole('textbox').waitFor()
  await both(page, 'webchat-begin')
  await page.keyboard.press('Enter')
  await chat.getByText('Sent', { exact: true }).waitFor()
  const listed = await center.ringdown.call('/ringdown/v1/Webchat/Sessions')
  const [{ conversation_sid, chat_service_sid }] = listed.body.webchat_sessions
  const users = `/conversations/v1/Services/${chat_service_sid}/Users`
  await center.ringdown.call(users, { Identity: 'clara', FriendlyName: 'Clara Roux' })
  const talk = `/conversations/v1/Conversations/${conversation_sid}`
  await center.ringdown.call(`${talk}/Participants`, { Identity: 'clara' })
  await center.ringdown.call(`${talk}/Messages`, {
    Author: 'clara',
    Body: 'I am sorry to hear that. Is it the shade that is broken?'
  })
  await chat.getByText('Clara joined').waitFor()
  await page.keyboard.type('Yes, only the shade.')
  await page.keyboard.press('Enter')
  // What is said next comes after it.
  const said = async () => {
    const { body } = await center.ringdown.call(`${talk}/Messages`)
    return body.messages.map((one: { body: string }) => one.body)
  }
  await eventually(said).toContain('Yes, only the shade.')
  await center.ringdown.call(`${talk}/Messages`, {
    Author: 'clara',
    Body: 'Thank you. A new one leaves today; you need not send anything back.'
  })
  await chat.getByText('Thank you. A new one', { exact: false }).waitFor()
  await both(page, 'webchat', kept)
  await page.setViewportSize({ width: 320, height: 640 })
  await both(page, 'webchat-320')
  await page.emulateMedia({ forcedColors: 'active', colorScheme: 'light' })
  await page.screenshot({ path: join(looked, 'webchat-forced.png') })
}

/** Narrow windows, light and dark, from right to left, and in forced colours. */
async function widths(page: Page): Promise<void> {
  for (const [width, height] of [
    [1180, 800],
    [860, 800],
    [320, 640]
  ] as const) {
    await page.setViewportSize({ width, height })
    await both(page, `desk-${width}`)
  }
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.emulateMedia({ colorScheme: 'light' })
  await page.evaluate("document.documentElement.dir = 'rtl'")
  await page.screenshot({ path: join(looked, 'desk-rtl.png') })
  await page.evaluate("document.documentElement.dir = 'ltr'")
  await page.emulateMedia({ forcedColors: 'active' })
  await page.screenshot({ path: join(looked, 'desk-forced.png') })
  await page.emulateMedia({ forcedColors: null })
}

async function say(page: Page, name: string, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: `Write to ${name}` })
  await box.fill(text)
  await box.press('Enter')
  await page.getByText('Sending…').waitFor({ state: 'detached' })
}

/** Whether what is drawn is compared with what was kept. */
let isCompared = false

/** Light and dark: made, or compared with those that are kept. */
async function both(page: Page, name: string, folder = looked): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    await page.waitForTimeout(200)
    const file = `${name}-${theme}.png`
    const path = join(isCompared ? looked : folder, file)
    const picture = await page.screenshot({ path, animations: 'disabled' })
    if (isCompared && folder === kept)
      expect(
        await differing(page, picture, readFileSync(join(kept, file))),
        `${path} differs; look at both`
      ).toBeLessThan(tolerance)
  }
}

/** The share of points that are not alike in two pictures; 1 where they have other sizes. */
async function differing(shown: Page, ...pictures: readonly [Buffer, Buffer]): Promise<number> {
  const page = await (shown.context().browser() as Browser).newPage() // it has one: it was launched
  try {
    const [a, b] = pictures.map((one) => JSON.stringify(`data:image/png;base64,${one.toString('base64')}`))
    return Number(await page.evaluate(`(${comparing})(${a}, ${b})`))
  } finally {
    await page.close()
  }
}

/** Runs in the browser, which can read pictures. */
const comparing = `async (...urls) => {
  const [one, other] = await Promise.all(urls.map(async (url) => {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height })
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    return { width: image.width, height: image.height, data: context.getImageData(0, 0, image.width, image.height).data }
  }))
  if (one.width !== other.width || one.height !== other.height) return 1
  let count = 0
  for (let at = 0; at < one.data.length; at += 4)
    if ([0, 1, 2].some((part) => Math.abs(one.data[at + part] - other.data[at + part]) > 24)) count++
  return count / (one.data.length / 4)
}`
