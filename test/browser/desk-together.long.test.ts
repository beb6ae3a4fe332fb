import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually } from './eventually.ts'
import { accept, available, lamp, notifications, notified, onFloor } from './stage.ts'

/*
 * Several people, tabs and devices at once: who is faster, who joins, which tab rings, and what is left to somebody from whom
 * something is taken away.
 */

onFloor('a desk among others', (stage) => {
  it('is rejected by key, and a supervisor sees who has rejected it', async () => {
    const page = await stage.center.open('amelie')
    const nora = await stage.center.open('nora')
    await available(page)
    await stage.center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.waitFor()
    await page.keyboard.press('r')
    await offer.waitFor({ state: 'detached' })
    await nora.getByRole('link', { name: 'Queues' }).click()
    await nora.getByRole('rowheader', { name: /Support/ }).waitFor()
    await calm(nora)
    await nora.getByRole('button', { name: 'Why does it wait? Ana Ferreira' }).click()
    const drawer = nora.getByRole('complementary', { name: 'Why does it wait?' })
    await drawer.getByText('Filter support matched').waitFor()
    await drawer
      .getByRole('listitem')
      .filter({ hasText: 'amelie' })
      .getByText(/rejected it just now|Offline/)
      .waitFor()
    await calm(nora)
  })

  it('hands a contact over, cold, and can take that back', async () => {
    const page = await stage.center.open('amelie')
    const bob = await stage.center.open('bob')
    await available(page)
    await stage.center.contact(lamp)
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor()
    await available(bob)
    const handOver = async () => {
      await page.getByRole('button', { name: 'Transfer', exact: true }).click()
      const panel = page.getByRole('dialog', { name: 'Transfer' })
      await panel.getByRole('option', { name: /bob/ }).click()
      await panel.getByRole('textbox', { name: 'Note to the next colleague' }).fill('She wants a new lamp.')
      await calm(page)
      await panel.getByRole('button', { name: 'Transfer' }).click()
    }
    await handOver()
    const ringing = bob.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await ringing.waitFor()
    await page.getByRole('button', { name: 'Take back' }).click()
    await ringing.waitFor({ state: 'detached' })
    await handOver()
    await ringing.getByRole('button', { name: 'Accept' }).click()
    await bob.getByRole('log').getByText('She wants a new lamp.').last().waitFor()
    await page.getByText('Nothing waits for you').waitFor()
    await bob.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('Bob here.')
    await bob.keyboard.press('Enter')
    await bob.getByRole('log').getByText('Bob here.').waitFor()
  })

  it('says who was faster', async () => {
    const { center } = stage
    const base = `/taskrouter/v1/Workspaces/${center.workspace_sid}`
    const { body } = await center.ringdown.call(`${base}/TaskQueues?FriendlyName=Support`)
    await center.ringdown.call(`${base}/TaskQueues/${body.task_queues[0].sid}`, { MaxReservedWorkers: '2' })
    const [amelie, bob] = [await center.open('amelie'), await center.open('bob')]
    for (const page of [amelie, bob]) await available(page)
    await center.contact(lamp)
    await amelie.getByRole('region', { name: 'Ringing: Ana Ferreira' }).waitFor()
    await accept(bob, 'Ana Ferreira')
    const gone = amelie.getByRole('region', { name: 'Offer ended: Ana Ferreira' })
    await gone.getByText('Taken by bob').waitFor()
    await calm(amelie)
    await gone.waitFor({ state: 'detached' })
    await amelie.getByText('Nothing waits for you').waitFor()
  })

  it('has somebody join who may decline, both write, and one leaves', async () => {
    const { center } = stage
    const [amelie, bob] = [await center.open('amelie'), await center.open('bob')]
    await available(amelie)
    await center.contact(lamp)
    await accept(amelie, 'Ana Ferreira')
    await available(bob)
    const invite = async () => {
      await amelie.getByRole('button', { name: 'Invite' }).click()
      const panel = amelie.getByRole('dialog', { name: 'Invite' })
      await panel.getByRole('option', { name: /bob/ }).click()
      await panel.getByRole('textbox', { name: 'Note to the next colleague' }).fill('Can you look at the stock?')
      await calm(amelie)
      await panel.getByRole('button', { name: 'Invite' }).click()
      await amelie.getByRole('status').getByText('bob is being asked').first().waitFor()
    }
    await invite()
    const ringing = bob.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await ringing.getByRole('button', { name: 'Reject' }).click()
    await amelie.getByText('The transfer was declined.', { exact: false }).first().waitFor()
    await invite()
    await accept(bob, 'Ana Ferreira')
    await bob.getByRole('log').getByText('Can you look at the stock?').last().waitFor()
    await amelie.getByRole('img', { name: 'With bob' }).waitFor()
    await write(bob, 'Fourteen are left.')
    await amelie.getByRole('log').getByText('Fourteen are left.').waitFor()
    await write(amelie, 'Bob goes on with you.')
    await bob.getByRole('log').getByText('Bob goes on with you.').waitFor()
    await calm(bob)
    await amelie.getByRole('button', { name: 'Leave' }).click()
    await amelie.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor({ state: 'detached' })
    await bob.getByRole('img', { name: 'With amelie' }).waitFor({ state: 'detached' })
    await write(bob, 'Here I am alone.')
  })

  it('rings and notifies in one of two tabs, and what is written in one stands in the other', async () => {
    const { center } = stage
    const page = await notified(center)
    const second = await page.context().newPage()
    await second.goto(page.url())
    await second.getByText('Nothing waits for you').waitFor()
    await available(page)
    await center.contact(lamp)
    for (const tab of [page, second]) await tab.getByRole('region', { name: 'Ringing: Ana Ferreira' }).waitFor()
    await eventually(() => notifications([page, second])).toEqual(['Ana Ferreira'])
    await accept(page, 'Ana Ferreira')
    await second.getByRole('button', { name: /^Ana Ferreira/ }).click()
    await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill('Begun in one tab')
    const other = second.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await eventually(() => other.inputValue()).toBe('Begun in one tab')
    // What is chosen in one is so in the other at once.
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Commands' }).getByRole('combobox').fill('Light or dark')
    await page.keyboard.press('Enter')
    await eventually(() => second.evaluate('document.documentElement.dataset.theme')).toBe('dark')
  })

  it('goes to the newest device, and can be taken back without losing what was being written', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    await available(page)
    await center.contact(lamp)
    await accept(page, 'Ana Ferreira')
    const box = page.getByRole('textbox', { name: 'Write to Ana Ferreira' })
    await box.fill('In mid-sent')
    const device = await center.visit(`${center.ringdown.running.url}/desk/`)
    await signIn(device)
    await device.getByRole('button', { name: /^Ana Ferreira/ }).waitFor()
    const over = page.getByRole('dialog', { name: 'Sign in again' })
    await over.getByText('another place', { exact: false }).waitFor()
    await over.getByLabel('Password').fill('a long enough password')
    await over.getByRole('button', { name: 'Sign in' }).click()
    await over.waitFor({ state: 'detached' })
    expect(await box.inputValue()).toBe('In mid-sent')
    await box.press('Enter')
    await page.getByRole('log').getByText('In mid-sent').waitFor()
    await device.getByRole('dialog', { name: 'Sign in again' }).waitFor()
  })

  it('takes a screen away from who may not see it any more, and a conversation from who is taken out of it', async () => {
    const { center } = stage
    const [nora, amelie] = [await center.open('nora'), await center.open('amelie')]
    await nora.getByRole('link', { name: 'Queues' }).click()
    await nora.getByRole('heading', { name: 'Queues', level: 1 }).waitFor()
    const { body } = await center.ringdown.call('/ringdown/v1/Users')
    const { sid } = body.users.find(({ username }: { username: string }) => username === 'nora')
    await center.ringdown.call(`/ringdown/v1/Users/${sid}`, { Roles: 'agent' })
    await nora.getByRole('heading', { name: 'Queues', level: 1 }).waitFor({ state: 'detached' })
    expect(await nora.getByRole('link', { name: 'Queues' }).count()).toBe(0)
    await available(amelie)
    const ana = await center.contact(lamp)
    await accept(amelie, 'Ana Ferreira')
    const task = `/taskrouter/v1/Workspaces/${center.workspace_sid}/Tasks/${ana.task_sid}`
    for (const AssignmentStatus of ['wrapping', 'completed'])
      await center.ringdown.call(task, { AssignmentStatus, Reason: 'given to others' })
    await amelie.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor({ state: 'detached' })
  })
})

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Write to Ana Ferreira' }).fill(text)
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByText(text).waitFor()
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('amelie')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Sign in' }).click()
}
