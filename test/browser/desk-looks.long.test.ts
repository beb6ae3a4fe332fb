import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually, keptBy } from './eventually.ts'
import type { Floor } from './floor.ts'
import { available, lamp, onFloor } from './stage.ts'

/*
 * What a desk shows, of whatever customers send, configurations say and people choose.
 */

onFloor('what a desk shows', (stage) => {
  it('has the keys that somebody has chosen, wherever that is', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+?')
    const keys = page.getByRole('dialog', { name: 'Keys' })
    await keys.getByRole('combobox').fill('oldest')
    await page.keyboard.press('Enter')
    await keys.getByText('Press a key…').waitFor()
    await page.keyboard.press('r')
    await keys.getByText('“Reject the oldest offer” has that key.').waitFor()
    await calm(page)
    await page.keyboard.press('Escape')
    await keys.getByText('Press a key…').waitFor({ state: 'detached' })
    await page.keyboard.press('Enter')
    await page.keyboard.press('x')
    await keys.getByRole('option', { name: 'Accept the oldest offer X' }).waitFor()
    await keys.getByRole('checkbox').check()
    await keys.getByRole('option', { name: 'Reject the oldest offer Ctrl+Shift+R' }).waitFor()
    await page.keyboard.press('Escape')
    await keys.waitFor({ state: 'detached' })
    await stage.center.contact(lamp)
    const offer = page.getByRole('region', { name: 'Ringing: Ana Ferreira' })
    await offer.waitFor()
    await page.keyboard.press('a')
    await page.waitForTimeout(200)
    expect(await offer.count()).toBe(1)
    await page.keyboard.press('x')
    await page.getByRole('heading', { name: 'Ana Ferreira', level: 1 }).waitFor()
  })

  it('speaks French whole, and is dark where that was chosen', async () => {
    const page = await stage.center.open('amelie', { locale: 'fr-FR', colorScheme: 'dark' })
    await page.getByText('Personne ne vous attend').waitFor()
    await calm(page)
    await page.getByRole('button', { name: /Activité/ }).click()
    await page.getByRole('menuitem', { name: 'Available', exact: true }).click()
    await stage.center.contact(lamp)
    await page.getByRole('button', { name: 'Accepter' }).click()
    await page.getByRole('textbox', { name: 'Écrire à Ana Ferreira' }).waitFor()
    await calm(page)
  })

  it('obeys the configuration as it changes', async () => {
    const page = await stage.center.open('amelie')
    await available(page)
    const ana = await stage.center.contact({ ...lamp, text: '**Important**' })
    await page.getByRole('button', { name: 'Accept' }).click()
    const log = page.getByRole('log')
    await log.getByText('Important', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Attach a file' }).waitFor()
    const { account_sid } = stage.center.ringdown.running.credentials
    const changed = await stage.center.ringdown.call('/flex-api/v1/Configuration', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        account_sid,
        markdown: { enabled: false },
        agent_conv_end_methods: { enabled: ['Leave'] },
        channel_configs: [{ address_type: 'sms', cbm_attachments: { enabled: false } }],
        ui_attributes: {
          custom_data: {
            features: {
              dispositions: {
                enabled: true,
                enable_notes: false,
                global: {
                  require_disposition: true,
                  dispositions: ['Sold', 'Lost'],
                  text_attributes: [{ form_label: 'Case', conversation_attribute: 'case', required: true }],
                  select_attributes: [
                    {
                      ...{
                        form_label: 'Parts',
                        conversation_attribute: 'conversation_attribute_2',
                        multi_select: true
                      },
                      options: ['Shade', 'Foot', 'Bulb']
                    }
                  ]
                }
              }
            }
          }
        }
      })
    })
    expect(changed.status).toBe(200)
    await log.getByText('**Important**').waitFor()
    await page.getByRole('button', { name: 'Attach a file' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Leave' }).waitFor()
    expect(await page.getByRole('button', { name: 'End', exact: true }).count()).toBe(0)
    await stage.center.ringdown.call(`/taskrouter/v1/Workspaces/${stage.center.workspace_sid}/Tasks/${ana.task_sid}`, {
      AssignmentStatus: 'wrapping'
    })
    await page.getByRole('radio', { name: 'Sold' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Notes' }).count()).toBe(0)
    const complete = page.getByRole('button', { name: 'Complete' })
    expect(await complete.getAttribute('aria-disabled')).toBe('true')
    await calm(page)
    await page.getByRole('radio', { name: 'Sold' }).click()
    await page.getByText('Fill in Case').waitFor()
    await page.getByLabel('Case').fill('17')
    for (const part of ['Bulb', 'Shade']) await page.getByRole('checkbox', { name: part }).check()
    await eventually(() => keptBy(page)).toContain('Shade|Bulb')
    await page.reload()
    await page.getByRole('checkbox', { name: 'Shade' }).waitFor()
    expect(await page.getByLabel('Case').inputValue()).toBe('17')
    await complete.click()
    await page.getByText('Nothing waits for you').waitFor()
    const path = `/taskrouter/v1/Workspaces/${stage.center.workspace_sid}/Tasks/${ana.task_sid}`
    const { body } = await stage.center.ringdown.call(path)
    expect(JSON.parse(body.attributes).conversations).toMatchObject({
      ...{ outcome: 'Sold', case: '17', conversation_attribute_2: 'Shade|Bulb' }
    })
  })

  it('is each one’s own, whoever sat there before', async () => {
    const { center } = stage
    const page = await center.open('amelie')
    const theme = () => page.evaluate('document.documentElement.dataset.theme')
    const into = async (name: string) => {
      await page.getByRole('button', { name: /^Account/ }).click()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('Name').fill(name)
      await page.getByLabel('Password').fill('a long enough password')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('Nothing waits for you').waitFor()
    }
    // Bob has a password, too.
    await (await center.open('bob')).close()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Commands' }).getByRole('combobox').fill('Light or dark')
    await page.keyboard.press('Enter')
    await eventually(theme).toBe('dark')
    await eventually(() => chosenBy(center, 'amelie')).toMatchObject({ desk: { theme: 'dark' } })
    await into('bob')
    await eventually(theme).toBe('light')
    await into('amelie')
    await eventually(theme).toBe('dark')
    expect(await chosenBy(center, 'bob')).not.toMatchObject({ desk: { theme: 'dark' } })
  })

  it('writes to somebody first, from a queue that may be used, and leads to the conversation that there is', async () => {
    const { center } = stage
    const base = `/taskrouter/v1/Workspaces/${center.workspace_sid}`
    const { body } = await center.ringdown.call(`${base}/TaskQueues?FriendlyName=Billing`)
    const { account_sid } = center.ringdown.running.credentials
    await center.ringdown.call('/flex-api/v1/Configuration', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        account_sid,
        taskrouter_taskqueues: [{ sid: body.task_queues[0].sid, targettable: false }]
      })
    })
    const page = await center.open('amelie')
    await available(page)
    const begin = async () => {
      await page.getByRole('button', { name: 'Write to somebody' }).click()
      const dialog = page.getByRole('dialog', { name: 'Write to somebody' })
      await dialog.getByLabel('Number or address').fill('+33600000007')
      await dialog.getByLabel('From').fill('+15005550006')
      await eventually(() => dialog.getByLabel('Queue').locator('option').allInnerTexts()).toContain('Support')
      expect(await dialog.getByLabel('Queue').locator('option').allInnerTexts()).not.toContain('Billing')
      await dialog.getByLabel('Queue').selectOption('Support')
      await dialog.getByRole('button', { name: 'Begin' }).click()
      return dialog
    }
    const first = await begin()
    await first.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: '+33600000007', level: 1 }).waitFor()
    await page.getByRole('textbox', { name: /^Write to/ }).fill('Your lamp has come')
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText('Your lamp has come').waitFor()
    const { url } = center.ringdown.running
    await page.goto(`${url}/desk/`)
    const again = await begin()
    await again.getByText('There is a conversation with +33600000007 already.').waitFor()
    await calm(page)
    await again.getByRole('button', { name: 'Open it' }).click()
    await page.getByRole('log').getByText('Your lamp has come').waitFor()
  })

  it('tells why nothing rings', async () => {
    const page = await stage.center.open('amelie')
    await page.getByRole('button', { name: 'Why am I getting nothing?' }).click()
    await page.getByText('You are in 3 queues.').waitFor()
    await calm(page)
  })
})

/** What somebody has chosen, as the server keeps it. */
async function chosenBy({ ringdown }: Floor, name: string): Promise<unknown> {
  const { body } = await ringdown.call('/ringdown/v1/Users')
  const { sid } = body.users.find(({ username }: { username: string }) => username === name)
  const { body: kept } = await ringdown.call(`/ringdown/v1/Users/${sid}/Preferences`)
  return kept.preferences
}
