import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Frame, Page, WebSocketRoute } from 'playwright-core'
import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually } from './eventually.ts'
import { chatOf, type Floor } from './floor.ts'
import { onFloor, pixel } from './stage.ts'

/*
 * Visitors of shops in a browser: on the made-up one, and on one of another origin that makes it hard. The launcher stands in
 * a closed root, so it is used as a visitor uses it: by mouse and keys.
 */

onFloor('web chat', (stage) => {
  it('rings at the desk, both write, and it is over and rated', async () => {
    const key = await stage.center.shop()
    const desk = await stage.center.open('amelie')
    await desk.getByRole('button', { name: /Activity: Offline/ }).click()
    await desk.getByRole('menuitem', { name: 'Available', exact: true }).click()
    const page = await stage.center.visit(shopOf(stage.center, key), {
      viewport: { width: 1000, height: 800 },
      locale: 'fr-FR'
    })
    await page.getByRole('button', { name: 'Something is wrong with it' }).click()
    const chat = await chatOf(page)
    const box = chat.getByRole('textbox', { name: 'Écrire un message' })
    await box.waitFor()
    expect(await box.inputValue()).toBe('My order 1234 arrived broken.')
    await calm(chat)
    await box.press('Enter')
    await chat.getByText('Envoyé').waitFor()
    const offer = desk.getByRole('region', { name: /Ringing: Visitor/ })
    await offer.getByText('My order 1234 arrived broken.').waitFor()
    await desk.keyboard.press('a')
    await desk.getByRole('heading', { name: /Visitor/, level: 1 }).waitFor()
    await chat.getByText('amelie a rejoint la discussion').waitFor()
    const text = 'Oh dear <img src=x onerror="hacked=1">'
    await desk.getByRole('textbox', { name: /Write to Visitor/ }).fill(text)
    await chat.getByText('amelie écrit').waitFor()
    await desk.keyboard.press('Enter')
    await chat.getByRole('log').getByText(text).waitFor()
    expect(await chat.evaluate(`[typeof hacked, document.querySelectorAll('img').length]`)).toEqual(['undefined', 0])
    await page.keyboard.type('Voici la photo')
    await desk.getByText(/Visitor \w+ is typing/).waitFor()
    await page.keyboard.press('Enter')
    await desk.getByRole('log').getByText('Voici la photo').waitFor()
    await chat.getByText('Vu', { exact: true }).waitFor()
    await calm(chat)
    await desk.getByRole('button', { name: 'End', exact: true }).click()
    await chat.getByText('Cette discussion est terminée.').waitFor()
    await calm(chat)
    await chat.getByRole('radio', { name: 'Très bon' }).check()
    await chat.getByRole('textbox', { name: 'Quelque chose à ajouter ?' }).fill('Rapide')
    await chat.getByRole('button', { name: 'Envoyer' }).click()
    await chat.getByText('Merci !').waitFor()
    const { body } = await stage.center.ringdown.call('/ringdown/v1/Webchat/Sessions')
    expect(body.webchat_sessions).toMatchObject([{ rating: 5, rating_comment: 'Rapide', status: 'over' }])
    await chat.getByRole('button', { name: 'Démarrer une nouvelle discussion' }).click()
    await box.waitFor()
  })

  it('is used by keys alone, counts what was not seen, and gives the focus back', async () => {
    const key = await stage.center.shop()
    const page = await stage.center.visit(shopOf(stage.center, key), { viewport: { width: 1000, height: 800 } })
    const launcher = await launcherOf(page)
    expect(await launcher()).toEqual({ name: 'Chat with us', expanded: false })
    await page.getByRole('button', { name: 'Something is wrong with it' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const chat = await chatOf(page)
    await chat.getByRole('textbox').waitFor()
    await eventually(launcher).toEqual({ name: 'Close the chat', expanded: true })
    await eventually(() => chat.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    await page.keyboard.type('Hello')
    await page.keyboard.press('Enter')
    await chat.getByText('Sent', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await eventually(launcher).toEqual({ name: 'Chat with us', expanded: false })
    await answers(stage.center, 'Hello yourself')
    await eventually(launcher).toMatchObject({ name: 'Chat with us, 1 unread' })
    await eventually(() => page.title()).toBe('(1) Lamps & Light')
    await page.keyboard.press('Enter')
    await chat.getByText('New', { exact: true }).waitFor()
    await eventually(() => page.title()).toBe('Lamps & Light')
    await eventually(() => chat.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    // The menu, by arrows; Escape closes that alone.
    await chat.getByRole('button', { name: 'More' }).focus()
    await page.keyboard.press('Enter')
    const focused = () => chat.evaluate<string>('document.activeElement.textContent')
    const first = await chat.getByRole('menuitem').first().innerText()
    await eventually(focused).toBe(first)
    for (let step = 0; step < 2; step++) await page.keyboard.press('ArrowDown')
    await eventually(focused).toBe('End the chat')
    await calm(chat)
    await page.keyboard.press('Escape')
    await chat.getByRole('menu').waitFor({ state: 'detached' })
    expect((await launcher()).expanded).toBe(true)
    // Whoever presses elsewhere has not said yes: the next time the menu begins anew.
    await chat.getByRole('button', { name: 'More' }).click()
    await chat.getByRole('menuitem', { name: 'End the chat' }).click()
    await chat.getByRole('menuitem', { name: 'End it now' }).waitFor()
    await chat.getByRole('heading').first().click()
    await chat.getByRole('button', { name: 'More' }).click()
    await chat.getByRole('menuitem', { name: 'End the chat' }).waitFor()
  })

  it('works on a page that makes it hard, for its own origin only, and forgets at a sign-out', async () => {
    const shop = await hostileShop(stage.center.ringdown.running.url)
    try {
      const form = [
        { name: 'friendlyName', label: { en: 'Your name', fr: 'Votre nom' }, required: true },
        { name: 'email', label: 'E-mail', type: 'email' },
        { name: 'topic', label: 'About', type: 'select', options: ['Order', 'Return'], required: true },
        { name: 'query', label: 'What is it?', required: true }
      ]
      const key = await stage.center.shop({ AllowedOrigins: [shop.url], Form: JSON.stringify({ fields: form }) })
      const page = await stage.center.visit(`${shop.url}/?key=${key}`, {
        viewport: { width: 320, height: 640 },
        colorScheme: 'dark'
      })
      const broken: string[] = []
      page.on('console', (message) => message.type() === 'error' && broken.push(message.text()))
      const events = () => page.evaluate('window.heard')
      await eventually(events).toEqual(['ready'])
      await page.mouse.click(280, 600)
      let chat = await chatOf(page)
      await chat.getByLabel('Your name').waitFor()
      // The panel slides in for a moment: where it comes to rest.
      await eventually(() => frameBox(page)).toEqual({ x: 0, y: 0, width: 320, height: 640 })
      await calm(chat)
      await chat.getByRole('button', { name: 'Start the chat' }).click()
      await chat.getByText('This is needed.').first().waitFor()
      await eventually(() => chat.evaluate('document.activeElement.name')).toBe('friendlyName')
      await chat.getByLabel('Your name').fill('<img src=x onerror=alert(1)>')
      await chat.getByLabel('E-mail').fill('ana@example.com')
      await chat.getByLabel('About').selectOption('Return')
      await chat.getByLabel('What is it?').fill('x'.repeat(300))
      await chat.getByRole('button', { name: 'Start the chat' }).click()
      await chat.getByText('Sent', { exact: true }).waitFor()
      expect(await chat.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
      await calm(chat)
      // Whoever else is on the page says nothing in the frame's name, nor in the page's.
      await page.evaluate(`document.getElementById('evil').contentWindow.postMessage('go', '*')`)
      await page.waitForTimeout(200)
      expect(await chat.getByText('forged').count()).toBe(0)
      expect(await page.evaluate(`localStorage.getItem('ringdown-webchat ${key}')`)).toContain('WB')

      await page.reload()
      chat = await chatOf(page)
      await page.evaluate('Ringdown.open()')
      await chat.getByText('x'.repeat(300)).waitFor()
      await page.evaluate('Ringdown.shutdown()')
      await eventually(() => page.evaluate('localStorage.length')).toBe(0)
      await page.evaluate('Ringdown.open()')
      await chat.getByLabel('Your name').waitFor()
      expect(await chat.getByLabel('Your name').inputValue()).toBe('')
      // An identity that nobody has signed.
      await page.evaluate(`Ringdown.identify({ token: 'e30.e30.e30' })`)
      await page.evaluate('Ringdown.close(); Ringdown.open()')
      await chat.getByRole('textbox', { name: 'Write a message' }).fill('It is me')
      await page.keyboard.press('Enter')
      await chat.getByText('It could not be confirmed who you are.', { exact: false }).waitFor()
      expect(broken.filter((text) => !/403|x onerror|favicon/.test(text))).toEqual([])

      // The same page elsewhere: the browser shows it no frame.
      const other = await stage.center.visit(`${shop.url.replace('127.0.0.1', 'localhost')}/?key=${key}`)
      const refused = new Promise((resolve) =>
        other.on('console', (message) => /frame-ancestors/.test(message.text()) && resolve(true))
      )
      await eventually(() => other.evaluate('window.heard')).toEqual(['ready'])
      await other.evaluate('Ringdown.open()')
      expect(await refused).toBe(true)
    } finally {
      await shop.close()
    }
  })

  it('sends files and pictures, goes on after the network was away, and is right to left', async () => {
    const key = await stage.center.shop({ Limits: JSON.stringify({ file_bytes: 1_048_576 }) })
    const page = await stage.center.visit(shopOf(stage.center, key), {
      viewport: { width: 1000, height: 800 },
      locale: 'ar-EG'
    })
    const sockets: WebSocketRoute[] = []
    let isDown = false
    await page.routeWebSocket(/Webchat\/Socket/, (socket) => {
      if (isDown) return void socket.close({ code: 1001 })
      socket.connectToServer()
      sockets.push(socket)
    })
    await page.reload()
    await page.evaluate('document.documentElement.removeAttribute("lang")')
    await page.evaluate('Ringdown.open()')
    const chat = await chatOf(page)
    const box = chat.getByRole('textbox', { name: 'Write a message' })
    await box.waitFor()
    expect(await chat.evaluate('document.documentElement.dir')).toBe('rtl')
    const picker = chat.locator('input[type=file]')
    await picker.setInputFiles({ name: 'page.html', mimeType: 'text/html', buffer: Buffer.from('<b>') })
    await chat.getByText('Files like page.html cannot be sent here.').waitFor()
    await picker.setInputFiles({ name: 'big.png', mimeType: 'image/png', buffer: Buffer.alloc(1_100_000) })
    await chat.getByText('big.png is larger than 1 MB.').waitFor()
    await picker.setInputFiles({ name: 'lamp.png', mimeType: 'image/png', buffer: pixel })
    await chat.getByRole('img', { name: 'Picture lamp.png' }).waitFor()
    await picker.setInputFiles({ name: 'not.png', mimeType: 'image/png', buffer: Buffer.from('<html>no') })
    await chat.getByText('Not sent.').waitFor()
    await chat.getByRole('button', { name: 'Discard' }).click()
    await calm(chat)
    isDown = true
    await page.context().setOffline(true)
    for (const one of sockets) await one.close({ code: 1001 })
    await box.fill('From a tunnel')
    await box.press('Enter')
    await chat.getByText('Waits for the network').waitFor()
    await chat.getByText('You are offline.', { exact: false }).waitFor()
    isDown = false
    await page.context().setOffline(false)
    await chat.getByText('Waits for the network').waitFor({ state: 'detached' })
    await chat.getByText('Sent', { exact: true }).waitFor()
    await chat.getByText('You are offline.', { exact: false }).waitFor({ state: 'detached' })
  })
})

const shopOf = (center: Floor, key: string) => `${center.ringdown.running.url}/webchat/demo?key=${key}`

async function answers({ ringdown }: Floor, body: string): Promise<void> {
  const listed = await ringdown.call('/ringdown/v1/Webchat/Sessions')
  const [{ conversation_sid }] = listed.body.webchat_sessions
  await ringdown.call(`/conversations/v1/Conversations/${conversation_sid}/Messages`, { Author: 'bob', Body: body })
}

/** What a screen reader is told of the launcher. */
async function launcherOf(page: Page): Promise<() => Promise<{ name: string; expanded: boolean }>> {
  const client = await page.context().newCDPSession(page)
  const look = async () => {
    const { nodes } = await client.send('Accessibility.getFullAXTree')
    for (const { name, role, properties = [] } of nodes) {
      const expanded = properties.find((one) => one.name === 'expanded')
      if (role?.value === 'button' && expanded) return { name: String(name?.value), expanded: expanded.value.value }
    }
    return undefined
  }
  await eventually(look).toBeDefined()
  return async () => (await look()) ?? { name: '', expanded: false }
}

async function frameBox(page: Page) {
  const frame: Frame = await chatOf(page)
  return (await frame.frameElement()).boundingBox()
}

/** A shop of another origin: resets of everything, a strict policy, something on top of all, and a frame that forges. */
async function hostileShop(ringdown: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(({ url = '' }, response) => {
    if (url.startsWith('/evil')) {
      const forged = (type: string, more: string) => `{ 'ringdown-webchat': { type: '${type}', ${more} } }`
      response.setHeader('content-type', 'text/html')
      response.end(`<script>
        addEventListener('message', ({ data }) => {
          if (data !== 'go') return
          for (const one of [parent, ...Array.from({ length: parent.length }, (_, i) => parent[i])]) {
            one.postMessage(${forged('keep', 'text: null')}, '*')
            one.postMessage(${forged('prefill', "text: 'forged'")}, '*')
            one.postMessage(${forged('shutdown', '')}, '*')
            one.postMessage(${forged('close', '')}, '*')
          }
        })
      </script>`)
      return
    }
    const key = /key=(WD[0-9a-f]{32})/.exec(url)?.[1]
    response.setHeader('content-type', 'text/html')
    response.setHeader(
      'content-security-policy',
      `default-src 'none'; style-src 'nonce-a'; script-src 'nonce-a' ${ringdown}; frame-src 'self' ${ringdown}`
    )
    response.end(`<!doctype html><title>Hard</title>
      <script nonce="a">
        window.heard = []
        window.Ringdown = [['on', 'ready', () => heard.push('ready')]]
      </script>
      <script async src="${ringdown}/webchat/v1.js" data-key="${key}"></script>
      <style nonce="a">
        * { all: revert; font: 40px/3 fantasy !important; color: lime !important; }
        div, button, iframe { display: none !important; position: static !important; transform: rotate(9deg) !important; width: 3px !important; }
        body { transform: none; }
        .top { display: block !important; position: fixed !important; inset: 0 0 auto auto; width: 40px !important; height: 40px; z-index: 2147482999; }
      </style>
      <p class="top">!</p><iframe id="evil" src="/evil"></iframe>`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve()))
  }
}
