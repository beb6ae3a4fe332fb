import { describe, expect, it } from 'vitest'
import type { DeskItem } from '../live/rows.ts'
import { en } from '../words/en.ts'
import { dispositionsOf, keptWrapUp, missingIn } from './dispositions.ts'

const item = { task: { task_queue_friendly_name: 'Support' }, attributes: {} } as unknown as DeskItem // what is asked of it
const configured = (dispositions: object) => ({ ui_attributes: { custom_data: { features: { dispositions } } } })
const of = (dispositions: object) => dispositionsOf(configured({ enabled: true, ...dispositions }), item, en)

describe('what is asked at the end of a contact', () => {
  it('is ours where the configuration says nothing, and nobody is forced', () => {
    const asked = dispositionsOf({}, item, en)
    expect(asked).toEqual({ outcomes: en.wrapUp.outcomes, isRequired: false, hasNotes: true, fields: [] })
    expect(missingIn(keptWrapUp(''), asked)).toBeUndefined()
  })

  it('is what stands for everything and for the queue, whose own rule counts first', () => {
    const asked = of({
      enable_notes: false,
      global: { require_disposition: true, dispositions: ['Sold', 'Lost'] },
      per_queue: {
        Support: { require_disposition: false, dispositions: ['Lost', 'Mended'] },
        Sales: { dispositions: ['x'] }
      }
    })
    expect(asked).toMatchObject({ outcomes: ['Sold', 'Lost', 'Mended'], isRequired: false, hasNotes: false })
    expect(of({ global: { require_disposition: true, dispositions: [] } }).isRequired).toBe(false)
  })

  it('has the fields that are configured, each once, and says which is missing', () => {
    const asked = of({
      global: {
        dispositions: [],
        text_attributes: [
          { form_label: 'Case', conversation_attribute: 'case', required: true },
          { form_label: 'nowhere' }
        ],
        select_attributes: [
          { form_label: 'Topic', conversation_attribute: 'conversation_attribute_3', options: ['New', 'Old'] },
          {
            form_label: 'Parts',
            conversation_attribute: 'conversation_attribute_2',
            options: ['a', 'b'],
            required: true,
            multi_select: true
          }
        ]
      },
      per_queue: { Support: { text_attributes: [{ form_label: 'Case again', conversation_attribute: 'case' }] } }
    })
    expect(asked.fields.map(({ label, name, isMany, options }) => [label, name, isMany, options?.length])).toEqual([
      ['Case', 'case', false, undefined],
      ['Topic', 'conversation_attribute_3', false, 2],
      ['Parts', 'conversation_attribute_2', true, 2]
    ])
    const kept = (fields: object) => keptWrapUp(JSON.stringify({ outcome: '', content: '', fields }))
    expect(missingIn(kept({ case: ' ' }), asked)).toMatchObject({ label: 'Case' })
    expect(missingIn(kept({ case: '17' }), asked)).toMatchObject({ label: 'Parts' })
    expect(missingIn(kept({ case: '17', conversation_attribute_2: 'a|b' }), asked)).toBeUndefined()
  })
})
