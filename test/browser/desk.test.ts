import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually } from './eventually.ts'
import { available, lamp, onFloor } from './stage.ts'

/*
 * Amelie and Bob at their desks, in a browser, against a whole server on the test clock. Things are found by role and name
 * only, as people and screen readers find them, and every screen is looked through by axe.
 */

onFloor('the desk', (stage) => {
  it('rings, and a customer is answered, wrapped up and completed', async () => {
    const page = await stage.center.open('amelie')
    await calm(page)
    await page.getByText('Nothing waits for you').waitFor()
    await available(page)
    const ana = await stage.center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.getByText(lamp.text).waitFor()
    await eventually(() => page.title()).toBe('(1) Ana Ferreira · Ringdown')
    await calm(page)
    await offer.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor()
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('/hel')
    await page.getByRole('option', { name: /Greeting/ }).waitFor()
    await box.press('Enter')
    expect(await box.inputValue()).toBe('Bonjour, je regarde cela tout de suite.')
    await box.press('Enter')
    await page.getByRole('log').getByText('je regarde cela').waitFor()
    await stage.center.says(ana, 'Merci !')
    await page.getByRole('log').getByText('Merci !').waitFor()
    await calm(page)
    await page.getByRole('button', { name: 'End', exact: true }).click()
    await page.getByRole('radio', { name: 'Resolved' }).click()
    await page.getByRole('textbox', { name: 'Notes' }).fill('A new lamp is on its way.')
    await calm(page)
    await page.getByRole('button', { name: 'Complete' }).click()
    await page.getByText('Nothing waits for you').waitFor()
    const task = await stage.center.ringdown.call(
      `/taskrouter/v1/Workspaces/${stage.center.workspace_sid}/Tasks/${ana.task_sid}`
    )
    expect(task.body).toMatchObject({ assignment_status: 'completed', reason: 'Resolved' })
    expect(JSON.parse(task.body.attributes).conversations).toMatchObject({
      outcome: 'Resolved',
      content: 'A new lamp is on its way.'
    })
    const said = await stage.center.ringdown.call(`/conversations/v1/Conversations/${ana.conversation_sid}/Messages`)
    expect(said.body.messages.map(({ author }: { author: string }) => author)).toEqual([
      ana.address,
      'amelie',
      ana.address
    ])
  })

  it('lets an offer go that ran out, says what became of the activity, and leads back', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    await stage.center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.waitFor()
    await stage.center.ringdown.pass(61)
    await offer.waitFor({ state: 'detached' })
    await page.getByText('You are Offline now').waitFor()
    await calm(page)
    await page.getByRole('button', { name: 'Back to Available' }).click()
    await offer.waitFor()
  })

  it('is worked by keyboard alone, from signing in to signing out', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await page.evaluate("window.clicks = 0; addEventListener('mousedown', () => window.clicks++, true)")
    const focused = (what: string) => page.evaluate(`document.activeElement.${what}`)
    const command = async (name: string) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog', { name: 'Commands' }).waitFor()
      await eventually(() => focused('role')).toBe('combobox')
      await page.keyboard.type(name)
      await page.keyboard.press('Enter')
    }
    await command('Sign out')
    await eventually(() => focused('name')).toBe('username')
    for (const [text, key] of [
      ['amelie', 'Tab'],
      ['a long enough password', 'Enter']
    ] as const) {
      await page.keyboard.type(text)
      await page.keyboard.press(key)
    }
    await page.getByRole('button', { name: /Activity: Offline/ }).waitFor()
    await page.keyboard.press('s')
    await page.getByRole('menuitem', { name: 'Available', exact: true }).waitFor()
    const names = await page.getByRole('menuitem').allInnerTexts()
    await page.keyboard.press(String(names.findIndex((name) => name.startsWith('Available')) + 1))
    await page.getByRole('button', { name: /Activity: Available/ }).waitFor()
    const ana = await center.contact(lamp)
    await page.getByRole('region', { name: /Ringing/ }).waitFor()
    await page.keyboard.press('a')
    await page.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor()
    await page.keyboard.press('c')
    await eventually(() => focused('tagName')).toBe('TEXTAREA')
    await page.keyboard.type('Bonjour')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('Bonjour', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('n')
    await page.keyboard.type('Ask @bob about stock')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('Ask @bob about stock').waitFor()
    await page.keyboard.press('Escape')

    // Handed over, with a note.
    const bob = `/taskrouter/v1/Workspaces/${center.workspace_sid}/Workers/${center.workers.bob}`
    await center.ringdown.call(bob, { ActivitySid: center.activities.Available ?? '' })
    await page.keyboard.press('t')
    const panel = page.getByRole('dialog', { name: 'Transfer' })
    await panel.getByRole('option', { name: /bob/ }).waitFor()
    await eventually(() => focused('role')).toBe('combobox')
    await page.keyboard.type('bob')
    await page.keyboard.press('Tab')
    await page.keyboard.type('She wants a new lamp.')
    await page.keyboard.press('Shift+Tab')
    await calm(page)
    await page.keyboard.press('Enter')
    await panel.waitFor({ state: 'detached' })
    const offered = async () => (await center.ringdown.call(`${bob}/Reservations?ReservationStatus=pending`)).body
    await eventually(async () => (await offered()).reservations).toHaveLength(1)
    const [{ sid }] = (await offered()).reservations
    await center.ringdown.call(`${bob}/Reservations/${sid}`, { ReservationStatus: 'accepted' })
    await page.getByText('Nothing waits for you').waitFor()
    const notes = await center.ringdown.call(`/ringdown/v1/Conversations/${ana.conversation_sid}/Notes`)
    expect(notes.body.notes).toMatchObject([
      { body: 'Ask @bob about stock', mentions: ['bob'], author: 'amelie' },
      { body: 'She wants a new lamp.', author: 'amelie' }
    ])

    // Another one is ended and wrapped up.
    await center.ringdown.call(bob, { ActivitySid: center.activities.Offline ?? '' })
    await center.contact({ ...lamp, name: 'Marek Nowak', address: '+48600000003' })
    await page.getByRole('region', { name: 'Ringing: Marek Nowak' }).waitFor()
    await page.keyboard.press('a')
    await page.getByRole('heading', { name: 'Marek Nowak', level: 1 }).waitFor()
    await command('End, or')
    await page.getByRole('radio', { name: 'Resolved' }).waitFor()
    await page.keyboard.press('1')
    await page.waitForTimeout(1100) // one press never ends and completes
    await page.keyboard.press('e')
    await page.getByText('Nothing waits for you').waitFor()
    await command('Sign out')
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    expect(await page.evaluate('window.clicks')).toBe(0)
  })

  it('puts a contact aside, and has it back when the customer writes, or by hand', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact(lamp)
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('p')
    await page.getByText('Nothing waits for you').waitFor()
    const fold = page.getByRole('button', { name: 'Parked' })
    await fold.click()
    await calm(page)
    await stage.center.ringdown.pass(7200)
    const back = page.getByRole('combobox', { name: 'Bring Ana Ferreira back' })
    await back.selectOption('in 1 h')
    const chosen = () => back.locator('option:checked').innerText()
    await eventually(chosen).toMatch(/^2 Mar 2026/)
    // Nobody waits for a time any more.
    await back.selectOption('When they write')
    await eventually(() => back.locator('option').count()).toBe(5)
    await stage.center.says(ana, 'It has arrived now.')
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.getByText('It has arrived now.').waitFor()
    await offer.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('log').getByText('It has arrived now.').waitFor()
    expect(await fold.count()).toBe(0)
    await page.getByRole('button', { name: 'Park', exact: true }).click()
    await fold.waitFor()
    await page.getByRole('button', { name: 'Resume Ana Ferreira' }).click()
    await offer.waitFor()
  })
})
