import type { Page } from 'playwright-core'
import { hasChromium, launched } from '../browser/chromium.ts'
import { builds, type Contact, type Floor, floor } from '../browser/floor.ts'
import { atMost, count, type Figure, type Measured, median, ms, type Options, quantile, say } from './measured.ts'

const kilobytes = (value: number) => `${value.toFixed(1)} kB`
const whole = (value: number) => count(Math.round(value))

/** Messages of the long conversation. */
const long = 5000
/** A phone's processor and line: four times slower, 10 Mbit/s, 40 ms. */
const slow = { rate: 4, bytes_per_second: 1_250_000, latency_ms: 40 }

/** What people wait for in a browser: how much is loaded, the first paint, an event on the screen, a long conversation. */
export async function measure({ seconds }: Options): Promise<Measured> {
  if (!hasChromium()) throw new Error('there is no Chromium')
  const browser = await launched()
  const center = await floor(browser)
  try {
    const { deskSizes, webchatSizes } = await builds()
    const sizes = [...deskSizes(), ...webchatSizes()].map(({ part, kB, most }) => atMost(part, kB, most, kilobytes))
    const page = await center.open('amelie')
    const requests = await requestsOf(page)
    const paints = [await paintOf(page, true), await paintOf(page, false)] as const
    const ana = await accepted(center, page)
    const heard = await heardAfter(center, page, ana, Math.max(30, seconds * 15))
    say(`on the screen after p50 ${ms(median(heard))}, p95 ${ms(quantile(heard, 0.95))}`)
    const opening = await longConversation(center, page, ana)
    const figures: Figure[] = [
      ...sizes,
      atMost('the desk, largest element, slow and with nothing kept', paints[0], 1200, ms),
      atMost('the same with what the browser has kept', paints[1], 500, ms),
      atMost('requests until the desk is there', requests, 8, whole),
      atMost('a message that is durable, on the screen, p95', quantile(heard, 0.95), 150, ms),
      { what: 'the same, p50', figure: ms(median(heard)) },
      atMost(`a conversation of ${count(long)} messages, until it is shown`, opening.shown, 200, ms),
      atMost('the same, elements of the page', opening.elements, 400, whole)
    ]
    return {
      figures,
      how: `Chromium without a window on a server in this process, SQLite; sizes are those of gzip -9. Slow: a processor that is ${slow.rate} times slower, 10 Mbit/s, ${slow.latency_ms} ms. A message counts from the end of its commit to the frame after it is in the page; ${count(heard.length)} messages.`
    }
  } finally {
    await center.close()
    await browser.close()
  }
}

/** Requests to the API of a page that is loaded again, until there is a desk. */
async function requestsOf(page: Page): Promise<number> {
  let asked = 0
  const told = (request: { resourceType(): string }) => {
    if (request.resourceType() === 'fetch') asked++
  }
  page.on('request', told)
  await page.reload()
  await page.getByText('Nothing waits for you').waitFor()
  page.off('request', told)
  return asked
}

/** Milliseconds until the largest element is painted. */
async function paintOf(page: Page, isSlow: boolean): Promise<number> {
  const client = await page.context().newCDPSession(page)
  const { rate, bytes_per_second, latency_ms } = isSlow ? slow : { rate: 1, bytes_per_second: -1, latency_ms: 0 }
  await client.send('Network.enable')
  await client.send('Network.setCacheDisabled', { cacheDisabled: isSlow })
  await client.send('Emulation.setCPUThrottlingRate', { rate })
  await client.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: latency_ms,
    downloadThroughput: bytes_per_second,
    uploadThroughput: bytes_per_second
  })
  await page.reload()
  await page.getByText('Nothing waits for you').waitFor()
  const at = await page.evaluate(
    `new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
      .observe({ type: 'largest-contentful-paint', buffered: true }))`
  )
  await client.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await client.send('Network.disable')
  await client.detach()
  return Number(at)
}

async function accepted(center: Floor, page: Page): Promise<Contact> {
  await page.getByRole('button', { name: /Activity: Offline/ }).click()
  await page.getByRole('menuitem', { name: 'Available', exact: true }).click()
  const ana = await center.contact({ name: 'Ana Ferreira', address: '+33600000001', text: 'Bonjour' })
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.getByRole('log').getByText('Bonjour').waitFor()
  return ana
}

/** Milliseconds from the end of a message's commit to the frame after it is in the page. */
async function heardAfter(center: Floor, page: Page, ana: Contact, messages: number): Promise<number[]> {
  const account = await center.ringdown.running.account
  const { conversation_sid, address: author } = ana
  const all: number[] = []
  for (let n = 0; n < messages; n++) {
    const body = `Measured ${n}.`
    const seen = page.evaluate<number>(
      `new Promise((resolve) => {
        const log = document.querySelector('[role=log]')
        const watch = new MutationObserver(() => {
          if (!log.textContent.includes(${JSON.stringify(body)})) return
          watch.disconnect()
          requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now()))
        })
        watch.observe(log, { childList: true, subtree: true, characterData: true })
      })`
    )
    await page.waitForTimeout(30)
    await account.execute({ type: 'message.create', conversation_sid, author, body })
    const durable = performance.timeOrigin + performance.now()
    all.push(Math.max(0, (await seen) - durable))
  }
  return all
}

async function longConversation(center: Floor, page: Page, ana: Contact): Promise<{ shown: number; elements: number }> {
  const account = await center.ringdown.running.account
  const { conversation_sid, address: author } = ana
  const message = { type: 'message.create', conversation_sid, author } as const
  for (let from = 0; from < long; from += 500)
    await Promise.all(Array.from({ length: 500 }, (_, n) => account.execute({ ...message, body: `No. ${from + n}` })))
  await page.reload()
  const row = page.getByRole('button', { name: /Ana Ferreira/ }).first()
  await row.waitFor()
  const began = performance.now()
  await row.click()
  await page
    .getByRole('log')
    .getByText(`No. ${long - 1}`)
    .waitFor()
  return {
    shown: performance.now() - began,
    elements: Number(await page.evaluate('document.querySelectorAll("*").length'))
  }
}
