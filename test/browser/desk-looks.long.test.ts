import { expect, it } from 'vitest'
import { calm } from './calm.ts'
import { eventually, keptBy } from './eventually.ts'
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

  it('tells why nothing rings', async () => {
    const page = await stage.center.open('amelie')
    await page.getByRole('button', { name: 'Why am I getting nothing?' }).click()
    await page.getByText('You are in 3 queues.').waitFor()
    await calm(page)
  })
})
