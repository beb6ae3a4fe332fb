import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually, keptBy } from './eventually.ts'
import { type Contact, type Floor, floor } from './floor.ts'
import { accept, available, lamp, onFloor } from './stage.ts'

/*
 * What is not lost, whatever becomes of the network, the page, the session and the clock.
 */

onFloor('a desk that lasts', (stage) => {
  it('shows what was said long ago as somebody looks back, and what has become of an answer', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact(lamp)
    const account = await stage.center.ringdown.running.account
    const { conversation_sid, address: author } = ana
    const message = { type: 'message.create', conversation_sid, author } as const
    await Promise.all(Array.from({ length: 240 }, (_, n) => account.execute({ ...message, body: `No. ${n + 1}` })))
    await page.getByRole('button', { name: 'Accept' }).click()
    const log = page.getByRole('log')
    await log.getByText('No. 240').waitFor()
    expect(await log.locator('.virtual-row').count()).toBeLessThan(60)
    // Where somebody reads stays where it is when what was before comes.
    for (const read of ['No. 141', 'No. 41']) {
      await log.evaluate((element) => element.scrollTo(0, 0))
      await eventually(() => log.evaluate((element) => element.scrollTop)).toBeGreaterThan(500)
      const box = await log.getByText(read, { exact: true }).boundingBox()
      expect(box?.y ?? 0).toBeLessThan(300)
    }
    await log.evaluate((element) => element.scrollTo(0, 0))
    await log.getByText(lamp.text).waitFor()
    expect(await page.getByRole('button', { name: 'Earlier messages' }).count()).toBe(0)
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('Here I am')
    await page.keyboard.press('Enter')
    await log.getByText('Here I am').waitFor()

    await log.getByText('Not delivered').waitFor()
    await calm(page)
  })

  it('has a conversation of 5,000 messages without their weight', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact(lamp)
    const account = await stage.center.ringdown.running.account
    const { conversation_sid, address: author } = ana
    const message = { type: 'message.create', conversation_sid, author } as const
    for (let block = 0; block < 50; block++)
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => account.execute({ ...message, body: `No. ${block * 100 + n + 1}` }))
      )
    await page.getByRole('button', { name: 'Accept' }).click()
    const log = page.getByRole('log')
    await log.getByText('No. 5000', { exact: true }).waitFor()
    const weight = () => log.evaluate((element) => element.querySelectorAll('*').length)
    expect(await weight()).toBeLessThanOrEqual(400)
    // All the way back, a page of the list after the other.
    const reached = log.getByText(lamp.text)
    for (let pages = 0; pages < 60 && (await reached.count()) === 0; pages++) {
      const height = await log.evaluate((element) => element.scrollHeight)
      await log.evaluate((element) => element.scrollTo(0, 0))
      const isLonger = () => log.evaluate((element, was) => element.scrollHeight > was, height)
      await eventually(async () => (await isLonger()) || (await reached.count()) > 0).toBe(true)
    }
    await reached.waitFor()
    expect(await weight()).toBeLessThanOrEqual(400)
    // What is old is not new.
    expect(await page.getByRole('button', { name: /new message/ }).count()).toBe(0)
    // Where somebody reads, nothing moves by what is said at the end.
    await log.evaluate((element) => element.scrollTo(0, 0))
    await eventually(() => log.evaluate((element) => element.scrollTop)).toBe(0)
    const place = () => reached.boundingBox().then((box) => box?.y)
    const before = await place()
    expect(before).toBeGreaterThan(0)
    await stage.center.says(ana, 'Still there?')
    const fresh = page.getByRole('button', { name: '1 new message' })
    await fresh.waitFor()
    expect(await place()).toBe(before)
    await fresh.click()
    await log.getByText('Still there?').waitFor()
  })

  it('has what was said long ago again when it was long not looked at', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await page.clock.install()
    await page.reload()
    await available(page)
    const ana = await center.contact(lamp)
    const account = await center.ringdown.running.account
    const { conversation_sid, address: author } = ana
    const message = { type: 'message.create', conversation_sid, author } as const
    await Promise.all(Array.from({ length: 150 }, (_, n) => account.execute({ ...message, body: `No. ${n + 1}` })))
    await accept(page, 'Ana Ferreira')
    const log = page.getByRole('log')
    const back = async () => {
      await log.getByText('No. 150', { exact: true }).waitFor()
      const first = log.getByText(lamp.text)
      await eventually(async () => {
        await log.evaluate((element) => element.scrollTo(0, 0))
        return first.count()
      }).toBe(1)
    }
    await back()
    await center.contact({ ...lamp, name: 'Marek Nowak', address: '+48600000003' })
    await accept(page, 'Marek Nowak')
    await page.clock.fastForward('20:00')
    await page.getByRole('button', { name: /^Ana Ferreira/ }).click()
    await back()
  })

  it('loses nothing: drafts survive a reload, and what was sent without a network arrives once', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact(lamp)
    await page.getByRole('button', { name: 'Accept' }).click()
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('A sentence that is not fin')
    await eventually(() => keptBy(page)).toContain('A sentence that is not fin')
    await page.reload()
    await box.waitFor()
    expect(await box.inputValue()).toBe('A sentence that is not fin')
    // The first answer gets lost on its way, after the message was kept.
    let lost = 0
    await page.route('**/Messages', async (route) => {
      if (route.request().method() !== 'POST' || lost > 0) return route.continue()
      lost++
      await route.fetch()
      await route.abort('connectionreset')
    })
    await box.fill('Only once')
    await box.press('Enter')
    await page.getByRole('log').getByText('Only once').waitFor()
    await page.getByText('Sending…').waitFor({ state: 'detached' })
    expect(lost).toBe(1)
    await page.context().setOffline(true)
    await box.fill('From a tunnel')
    await box.press('Enter')
    await page.getByText('Waits for the network').waitFor()
    await page.context().setOffline(false)
    await page.getByText('Waits for the network').waitFor({ state: 'detached' })
    expect(await saidIn(stage.center, ana)).toEqual([lamp.text, 'Only once', 'From a tunnel'])
  })

  it('asks to sign in again over the page when the session has ended, and goes on', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    await stage.center.contact(lamp)
    await page.getByRole('button', { name: 'Accept' }).click()
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('In mid-sent')
    const users = await stage.center.ringdown.call('/ringdown/v1/Users')
    const { sid } = users.body.users.find(({ username }: { username: string }) => username === 'amelie')
    await stage.center.ringdown.call(`/ringdown/v1/Users/${sid}/Sessions`, undefined, { method: 'DELETE' })
    const again = page.getByRole('dialog', { name: 'Sign in again' })
    await again.waitFor()
    await calm(page)
    await again.getByLabel('Password').fill('a long enough password')
    await again.getByRole('button', { name: 'Sign in' }).click()
    await again.waitFor({ state: 'detached' })
    expect(await box.inputValue()).toBe('In mid-sent')
  })

  it('shows all that was said before what was on its way when the page went', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await available(page)
    const ana = await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    let isCut = true
    await page.route('**/Messages', (route) =>
      isCut && route.request().method() === 'POST' ? route.abort('connectionreset') : route.continue()
    )
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('On its way')
    await page.keyboard.press('Enter')
    await page.getByText('Sending…').waitFor()
    await eventually(() => keptBy(page)).toContain('"body":"On its way"')
    await page.goto(`${center.ringdown.running.url}/desk/`)
    const row = page.getByRole('button', { name: /^Ana Ferreira/ })
    await row.waitFor()
    isCut = false
    await eventually(() => saidIn(center, ana)).toEqual([lamp.text, 'On its way'])
    await row.click()
    const log = page.getByRole('log')
    for (const text of [lamp.text, 'On its way']) await log.getByText(text).waitFor()
    expect(await log.getByText('On its way').count()).toBe(1)
  })

  it('goes on when the server has become newer, and has the files of an older page no more', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await page.route(/assets\/(?:more-menu|wrap-up)-/, (route) => route.fulfill({ status: 404 }))
    await page.reload()
    await available(page)
    await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    await page.getByRole('region', { name: 'Notices' }).getByText('The desk on the server is a newer one.').waitFor()
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('I am here all the same')
    await box.press('Enter')
    await page.getByRole('log').getByText('I am here all the same').waitFor()
    await box.fill('And this is kept')
    await eventually(() => keptBy(page)).toContain('And this is kept')
    await page.unroute(/assets\/(?:more-menu|wrap-up)-/)
    await page.reload()
    await eventually(() => box.inputValue()).toBe('And this is kept')
    await page.getByRole('button', { name: 'End', exact: true }).click()
    await page.getByRole('radio', { name: 'Resolved' }).waitFor()
  })

  it('goes by a clock that goes by itself as well as by one that is moved', async () => {
    const real = await floor(stage.browser, { testClock: false })
    try {
      const page = await real.open('amelie')
      await page.getByText('Nothing waits for you').waitFor()
      await available(page)
      await real.contact(lamp)
      await page.getByRole('region', { name: 'Ringing: Ana Ferreira' }).waitFor()
    } finally {
      await real.close()
    }
  })
})

async function saidIn({ ringdown }: Floor, { conversation_sid }: Contact): Promise<readonly string[]> {
  const { body } = await ringdown.call(`/conversations/v1/Conversations/${conversation_sid}/Messages`)
  return body.messages.map((one: { body: string }) => one.body)
}
