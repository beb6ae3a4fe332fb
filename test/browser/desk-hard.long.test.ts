import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { accept, available, lamp, onFloor } from './stage.ts'

/* What a desk stands: many at once, machines that are wrong or forbid things, and every way of looking at it. */

onFloor('a desk that is put upon', (stage) => {
  it('shows forty that ring at once, two of them, and the others when somebody wants', async () => {
    const { center } = stage
    const path = `/taskrouter/v1/Workspaces/${center.workspace_sid}/Workers/${center.workers.amelie}/Channels/sms`
    await center.ringdown.call(path, { Capacity: '40' })
    const page = await center.open('amelie')
    await available(page)
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        center.contact({ name: `Customer ${n}`, address: `+3360000${1000 + n}`, text: 'Hello?' })
      )
    )
    const more = page.getByRole('button', { name: '38 more ring' })
    await more.waitFor()
    expect(await page.title()).toMatch(/^\(40\) Customer/)
    expect(await page.getByRole('region', { name: /^Ringing/ }).count()).toBe(2)
    await more.click()
    expect(await page.getByRole('region', { name: /^Ringing/ }).count()).toBe(40)
    await calm(page)
    await page.getByRole('region', { name: 'Ringing: Customer 39' }).getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: 'Customer 39', level: 1 }).waitFor()
    expect(await page.getByRole('region', { name: /^Ringing/ }).count()).toBe(39)
  })

  it('goes by the server’s clock on a machine that is a day ahead, and without any storage', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await page.context().addInitScript({
      content: `
        const now = Date.now.bind(Date)
        Date.now = () => now() + 86400000
        const get = () => { throw new DOMException('The user denied permission', 'SecurityError') }
        for (const name of ['indexedDB', 'localStorage']) Object.defineProperty(window, name, { get })`
    })
    const broken: string[] = []
    page.on('pageerror', (error) => broken.push(error.message))
    await page.reload()
    await available(page)
    await center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.getByRole('img', { name: '60 seconds left' }).waitFor()
    await offer.getByText('waited 0:00', { exact: false }).waitFor()
    await accept(page, 'Ana Ferreira')
    await center.contact({ ...lamp, name: 'Marek Nowak', address: '+48600000003' })
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('Half a sent')
    await accept(page, 'Marek Nowak')
    await page.getByRole('button', { name: /^Ana Ferreira/ }).click()
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.waitFor()
    expect(await box.inputValue()).toBe('Half a sent')
    await box.press('Enter')
    await page.getByRole('log').getByText('Half a sent').waitFor()
    await page.getByText('Sending…').waitFor({ state: 'detached' })
    expect(broken).toEqual([])
  })

  it('goes on where storage is full', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await page.context().addInitScript({
      content: `
        const full = () => { throw new DOMException('full', 'QuotaExceededError') }
        IDBObjectStore.prototype.put = full
        Storage.prototype.setItem = full`
    })
    const broken: string[] = []
    page.on('pageerror', (error) => broken.push(error.message))
    await page.reload()
    await available(page)
    await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('It arrives all the same')
    await box.press('Enter')
    await page.getByRole('log').getByText('It arrives all the same').waitFor()
    await page.getByText('Sending…').waitFor({ state: 'detached' })
    expect(broken).toEqual([])
  })

  it('is turned around for who reads from right to left', async () => {
    const { center } = stage
    const page = await center.open('amelie', { locale: 'ar-EG' })
    await available(page)
    await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    expect(await page.evaluate('document.documentElement.dir')).toBe('rtl')
    const place = async (name: string) => (await page.getByRole('complementary', { name }).boundingBox())?.x
    const rail = await page.getByRole('navigation', { name: 'Places' }).boundingBox()
    expect(rail?.x).toBeGreaterThan(1300)
    expect(await place('About this contact')).toBe(0)
    await calm(page)
  })

  it('can be used at 400 %, without movement, and in the colours that somebody forces', async () => {
    const { center } = stage
    // 1280 × 1024 at 400 %.
    const page = await center.open('amelie', { viewport: { width: 320, height: 256 }, reducedMotion: 'reduce' })
    await available(page)
    await center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.waitFor()
    const moves = () => page.evaluate('document.getAnimations().filter((one) => one.playState === "running").length')
    expect(await moves()).toBe(0)
    expect(await page.evaluate("getComputedStyle(document.querySelector('.countdown .left')).transitionDuration")).toBe(
      '0s'
    )
    await accept(page, 'Ana Ferreira')
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('At 400 %')
    await box.press('Enter')
    await page.getByRole('log').getByText('At 400 %').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
    // What comes in is seen here as well, though the list is not.
    await center.contact({ ...lamp, name: 'Marek Nowak', address: '+48600000003' })
    await page.getByRole('region', { name: 'Ringing: Marek Nowak' }).waitFor()
    await calm(page)
    // What a background says otherwise is said by lines there.
    await page.emulateMedia({ forcedColors: 'active' })
    await page.setViewportSize({ width: 1000, height: 800 })
    const line = "getComputedStyle(document.querySelector('.task-row[aria-current]')).outlineStyle"
    expect(await page.evaluate(line)).toBe('solid')
    const button = page.getByRole('button', { name: 'Transfer', exact: true })
    expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(24)
  })
})
