import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually, keptBy } from './eventually.ts'
import type { Floor } from './floor.ts'
import { accept, available, lamp, onFloor, pixel } from './stage.ts'

/*
 * Nobody who writes to a desk, or names something on it, makes it do anything; and nobody gets at what it has.
 */

/** What would say so if it became more than text. */
const script = '<img src=x onerror="hacked=1">'

onFloor('a desk that trusts nobody', (stage) => {
  it('shows what customers write as text, and files as what their bytes are', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact({ name: script, address: '+33600000009', text: script })
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: script, level: 1 }).waitFor()
    await page.getByRole('log').getByText(script).last().waitFor()
    await stage.center.says(ana, 'x'.repeat(32_000))
    await page.getByRole('log').getByRole('button', { name: 'Show all' }).waitFor()
    const picker = page.locator('input[type=file]')
    await picker.setInputFiles({ name: 'large.png', mimeType: 'image/png', buffer: Buffer.alloc(17_000_000) })
    await page
      .getByText(/large.png is larger than/)
      .first()
      .waitFor()
    // What is told stands over nothing that somebody writes in.
    const [told, written] = [
      page.getByRole('region', { name: 'Notices' }),
      page.getByRole('textbox', { name: /^Write/ })
    ]
    for (const width of [1440, 800, 320]) {
      await page.setViewportSize({ width, height: 900 })
      const [a, b] = [await told.boundingBox(), await written.boundingBox()]
      if (!a || !b) throw new Error('both are shown')
      expect(a.x + a.width <= b.x || a.y + a.height <= b.y, `${width} px`).toBe(true)
    }
    await page.setViewportSize({ width: 1440, height: 900 })
    await picker.setInputFiles({
      name: 'page.html',
      mimeType: 'text/html',
      buffer: Buffer.from(`<html>${script}</html>`)
    })
    await page.getByRole('button', { name: 'Remove page.html' }).waitFor()
    await page.getByRole('button', { name: 'Send', exact: false }).click()
    await page.getByRole('log').getByRole('button', { name: 'Download page.html' }).waitFor()
    const svg = `<svg xmlns="http://www.w3.org/2000/svg">${script}<script>hacked = 1</script></svg>`
    await picker.setInputFiles({ name: 'plan.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) })
    await page.getByRole('button', { name: 'Remove plan.svg' }).waitFor()
    await page.getByRole('button', { name: 'Send', exact: false }).click()
    await page.getByRole('log').getByRole('button', { name: 'Download plan.svg' }).waitFor()
    // What it is called, and said to be, does not make it a picture.
    await picker.setInputFiles({ name: 'not.png', mimeType: 'image/png', buffer: Buffer.from(`<html>${script}`) })
    await page.getByText('not.png', { exact: false }).first().waitFor()
    await picker.setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: pixel })
    await page.getByRole('button', { name: 'Remove lamp.png' }).waitFor()
    await page.getByRole('button', { name: 'Send', exact: false }).click()
    await page.getByRole('img', { name: 'Picture lamp.png' }).waitFor()
    expect(await page.getByRole('img', { name: /^Picture/ }).count()).toBe(1)
    await nothingRan(page)
    await calm(page)
    // Several stay in the order in which they were picked, however large they are, and count together.
    const several = Array.from({ length: 11 }, (_, n) => ({
      ...{ name: `${n}.txt`, mimeType: 'text/plain', buffer: Buffer.alloc(n === 0 ? 4_000_000 : 10, 'x') }
    }))
    await picker.setInputFiles(several)
    await page
      .getByText(/10 files/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Remove 0.txt' }).waitFor()
    await page.getByRole('button', { name: 'Remove 9.txt' }).waitFor()
    expect(await page.locator('.files .file-name').allInnerTexts()).toEqual(
      several.slice(0, 10).map(({ name }) => name)
    )
    // Nothing goes out of its place at 320 px.
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
  })

  it('takes for text whatever others have written, wherever that stands', async () => {
    const { center } = stage
    const ana = await hostile(center)
    const page = await center.open('amelie')
    await available(page)
    const ringing = page.getByRole('region', { name: `Ringing: ${script}` })
    await ringing.getByText(script).first().waitFor()
    await nothingRan(page)
    await accept(page, script)
    await center.ringdown.call(`/ringdown/v1/Conversations/${ana.conversation_sid}/Notes`, {
      ...{ Author: `bob ${script}`, Body: `${script} @amelie`, Mentions: ['amelie'] }
    })
    const log = page.getByRole('log')
    await log.getByText(`${script} @amelie`).waitFor()
    await log.getByText(`summary ${script}`).waitFor()

    const box = page.getByRole('textbox', { name: /^Write to/ })
    await box.fill('/evil')
    await page.getByRole('option').getByText(script).first().waitFor()
    await box.press('Enter')
    await eventually(() => box.inputValue()).toBe(`canned ${script}`)
    const picker = page.locator('input[type=file]')
    await picker.setInputFiles({ name: `${script}.txt`, mimeType: 'text/plain', buffer: Buffer.from(script) })
    await page.getByText(`${script}.txt`).first().waitFor()
    await page.getByRole('button', { name: 'Send', exact: false }).click()
    await log.getByText(`canned ${script}`).waitFor()
    await log.getByText(`${script}.txt`).waitFor()

    const context = page.getByRole('complementary', { name: 'About this contact' })
    for (const [tab, shown] of [
      ['Customer', `form ${script}`],
      ['Task', `value ${script}`],
      ['Notes', `${script} @amelie`],
      ['Earlier', `before ${script}`]
    ] as const) {
      await context.getByRole('tab', { name: tab }).click()
      await context.getByText(shown).first().waitFor()
      await nothingRan(page)
    }
    await context.getByText(`before ${script}`).click()
    await page.getByRole('dialog').getByText(`said before ${script}`).waitFor()
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: /Activity:/ }).click()
    await page.getByRole('menuitem', { name: `Lunch ${script}` }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Transfer', exact: true }).click()
    for (const name of [`bob ${script}`, `Queue ${script}`]) await page.getByRole('option', { name }).waitFor()
    await nothingRan(page)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Notices/ }).click()
    await page.getByRole('listitem').getByText(`bob ${script}`).first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'End', exact: true }).click()
    for (const name of [`outcome ${script}`, `option ${script}`]) await page.getByLabel(name).first().waitFor()
    await page.getByLabel(`label ${script}`).waitFor()
    await nothingRan(page)
  })

  it('shows who leads the same as text', async () => {
    const { center } = stage
    await hostile(center)
    const nora = await center.open('nora')
    await nora.getByRole('link', { name: 'Queues' }).click()
    await nora.getByRole('rowheader', { name: `Queue ${script}` }).waitFor()
    await nora.getByRole('button', { name: `Why does it wait? ${script}` }).click()
    const drawer = nora.getByRole('complementary', { name: 'Why does it wait?' })
    await drawer.getByText(`Filter filter ${script} matched`).waitFor()
    await drawer.getByText(`bob ${script}`).waitFor()
    await nothingRan(nora)
    await calm(nora)
  })

  it('keeps its tokens to itself, and is framed by nobody', async () => {
    const { center } = stage
    const { url } = center.ringdown.running
    const page = await center.open('amelie')
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    page.on('websocket', (socket) => urls.push(socket.url()))
    await page.reload()
    await available(page)
    await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    const picker = page.locator('input[type=file]')
    await picker.setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: pixel })
    await page.getByRole('button', { name: 'Remove lamp.png' }).waitFor()
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('Here it is')
    await page.keyboard.press('Enter')
    await page.getByRole('img', { name: 'Picture lamp.png' }).waitFor()
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('A draft')
    await eventually(() => keptBy(page)).toContain('A draft')

    expect(urls.some((one) => one.includes('/Messages'))).toBe(true)
    expect(urls.filter((one) => /eyJ|token=/.test(one))).toEqual([])
    const own = [url, url.replace('http', 'ws'), 'blob:']
    expect(urls.filter((one) => !own.some((begin) => one.startsWith(begin)))).toEqual([])
    const kept = await page.evaluate<string>(
      'JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie })'
    )
    expect(`${kept} ${await keptBy(page)}`).not.toMatch(/eyJ|ringdown_session/)
    // Over TLS its name begins with __Host-, and it is Secure as well: that is between the server and who asks it.
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([
      { name: 'ringdown_session', httpOnly: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' }
    ])
    const shell = await fetch(`${url}/desk/tasks/WT1`)
    const policy = String(shell.headers.get('content-security-policy'))
    for (const rule of ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"])
      expect(policy).toContain(rule)
    expect(policy).not.toMatch(/script-src[^;]*unsafe|style-src[^;]*unsafe/)
    expect(shell.headers.get('cache-control')).toBe('no-cache')
  })

  it('is not spoken for by another page, whoever has signed in', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    const shop = await listening(() => '<!doctype html><title>Win a lamp</title>')
    const cookies: (string | undefined)[] = []
    const neighbour = await listening(({ headers: { cookie } }) => String(cookies.push(cookie)))
    try {
      const other = await page.context().newPage()
      await other.goto(shop.url)
      const sessions = `${center.ringdown.running.url}/ringdown/v1/Sessions`
      const answered: [what: string, status: number][] = []
      other.on('response', (response) => {
        const request = response.request()
        if (request.url().startsWith(sessions))
          answered.push([`${request.method()} ${request.url().slice(sessions.length)}`, response.status()])
      })
      // A browser takes the cookie along: it is the server that must not listen.
      await other.evaluate(`fetch('${neighbour.url}', { mode: 'no-cors', credentials: 'include' }).then(() => 0)`)
      expect(cookies).toEqual([expect.stringContaining('ringdown_session')])
      const tries = [
        ['POST', ''],
        ['POST', '/Setup'],
        ['GET', '/Current'],
        ['POST', '/Current/Token']
      ] as const
      for (const [method, path] of tries)
        await other.evaluate(
          `fetch('${sessions}${path}', { method: '${method}', mode: 'no-cors', credentials: 'include' }).then(() => 0)`
        )
      await eventually(() => answered).toEqual(tries.map(([method, path]) => [`${method} ${path}`, 403]))
      // What needs to be asked for first is not allowed.
      for (const method of ['DELETE', 'PUT'])
        await expect(
          other.evaluate(`fetch('${sessions}/Current', { method: '${method}', credentials: 'include' }).then(() => 0)`)
        ).rejects.toThrow('Failed to fetch')
      // Nor what a form does, which goes there itself.
      await other.evaluate(`
        const form = Object.assign(document.createElement('form'), { method: 'post', action: '${sessions}/Current/Token' })
        document.body.append(form)
        form.submit()`)
      await other.getByText('sessions are for pages of this origin').waitFor()
      await page.reload()
      await page.getByText('Nothing waits for you').waitFor()
    } finally {
      await shop.close()
      await neighbour.close()
    }
  })
})

/** A server of somebody else, on this machine. */
async function listening(answer: (request: IncomingMessage) => string) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(answer(request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
  }
}

/** Everything that somebody may name, or write, is a script; answers what waits. */
async function hostile(center: Floor) {
  const { ringdown, workspace_sid, workflow_sid, workers } = center
  const base = `/taskrouter/v1/Workspaces/${workspace_sid}`
  const ask = async (path: string, form: Record<string, string>) => {
    const { status, body } = await ringdown.call(path, form)
    expect([path, status, status < 300 ? '' : body]).toEqual([path, expect.any(Number), ''])
    return body
  }
  const { body: listed } = await ringdown.call(`${base}/TaskQueues?FriendlyName=Support`)
  const queue: string = listed.task_queues[0].sid
  await ask(`${base}/TaskQueues/${queue}`, { FriendlyName: `Queue ${script}` })
  await ask(`${base}/Workers/${workers.bob}`, { FriendlyName: `bob ${script}` })
  await ask(`${base}/Activities`, { FriendlyName: `Lunch ${script}`, Available: 'false' })
  const filter = {
    filter_friendly_name: `filter ${script}`,
    ...{ expression: "topic == 'support'", targets: [{ queue }] }
  }
  await ask(`${base}/Workflows/${workflow_sid}`, {
    FriendlyName: `Workflow ${script}`,
    Configuration: JSON.stringify({ task_routing: { filters: [filter], default_filter: { queue } } })
  })
  await ask('/ringdown/v1/CannedResponses', {
    ...{ Section: script, Label: `label ${script}`, Text: `canned ${script}`, Shortcut: 'evil' }
  })
  const { account_sid } = ringdown.running.credentials
  const selects = [
    { form_label: `select ${script}`, conversation_attribute: 'b', multi_select: true, options: [`option ${script}`] }
  ]
  const dispositions = {
    ...{ dispositions: [`outcome ${script}`], select_attributes: selects },
    text_attributes: [{ form_label: `label ${script}`, conversation_attribute: 'a' }]
  }
  await ringdown.call('/flex-api/v1/Configuration', undefined, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      account_sid,
      ui_attributes: { custom_data: { features: { dispositions: { enabled: true, global: dispositions } } } }
    })
  })
  const before = await center.contact({
    name: `before ${script}`,
    address: lamp.address,
    text: `said before ${script}`
  })
  // Who was in it may read it again.
  await ask(`/conversations/v1/Conversations/${before.conversation_sid}/Participants`, { Identity: 'amelie' })
  await ask(`/conversations/v1/Conversations/${before.conversation_sid}`, { State: 'closed' })
  const ana = await center.contact({ ...lamp, name: script, text: script, language: script })
  const { body: task } = await ringdown.call(`${base}/Tasks/${ana.task_sid}`)
  await ask(`${base}/Tasks/${ana.task_sid}`, {
    Attributes: JSON.stringify({
      ...JSON.parse(task.attributes),
      ...{ summary: `summary ${script}`, reason: script, note: script, [`name ${script}`]: `value ${script}` },
      customers: { email: script },
      pre_engagement_data: { [script]: `form ${script}`, context: { [script]: script } }
    })
  })
  return ana
}

/** Nothing that somebody wrote has become an element, or was run. */
async function nothingRan(page: Page): Promise<void> {
  const found = `[typeof hacked, document.querySelectorAll('img[src="x"], iframe, body script:not([src])').length]`
  expect(await page.evaluate(found)).toEqual(['undefined', 0])
}
