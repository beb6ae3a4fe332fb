import { describe, expect, it } from 'vitest'
import { MAX_DOCUMENT_BYTES, parseWorkflowDocument, WorkflowDocumentError } from './workflow-document.ts'

const vip = {
  filter_friendly_name: 'VIP',
  expression: "tier=='gold'",
  targets: [
    { queue: 'WQ1', known_worker_sid: 'task.agent_sid', timeout: 30 },
    {
      queue: 'WQ1',
      priority: 10,
      timeout: 60,
      expression: 'worker.lang HAS task.lang',
      order_by: 'worker.level DESC',
      skip_if: 'workers.available == 0'
    },
    { queue: 'WQ2', priority: 20 }
  ]
}

describe('a workflow document', () => {
  it('is read and compiled', () => {
    const document = parse({ filters: [vip], default_filter: { queue: 'WQ9' } })
    const [filter] = document.filters
    expect(filter).toMatchObject({ index: 0, friendly_name: 'VIP', source: "tier=='gold'" })
    expect(filter?.expression.matches({ attributes: { tier: 'gold' } })).toBe(true)
    expect(filter?.targets).toMatchObject([
      {
        index: 0,
        queue: 'WQ1',
        priority: undefined,
        timeout_s: 30,
        known_worker: { by: 'sid', source: 'task.agent_sid' }
      },
      { index: 1, queue: 'WQ1', priority: 10, timeout_s: 60, known_worker: undefined },
      { index: 2, queue: 'WQ2', priority: 20, timeout_s: undefined, expression: undefined, skip_if: undefined }
    ])
    const second = filter?.targets[1]
    expect(second?.expression?.conjuncts).toMatchObject([{ kind: 'membership' }])
    expect(second?.order_by?.worker_paths).toMatchObject([{ text: 'worker.level' }])
    const workers = { available: 0, unavailable: 1, activity: () => 0 }
    expect(second?.skip_if?.matches(undefined, undefined, workers)).toBe(true)
    expect(document.default_filter).toEqual({
      queue: 'WQ9',
      priority: undefined,
      expression: undefined,
      order_by: undefined
    })
    expect(document.queues).toEqual(['WQ1', 'WQ2', 'WQ9'])
  })

  it('may spell numbers as text', () => {
    const [filter] = parse({ filters: [withTarget({ queue: 'WQ1', priority: '10', timeout: '0' })] }).filters
    expect(filter?.targets).toMatchObject([{ priority: 10, timeout_s: 0 }])
  })

  it.each([
    [{ filter_friendly_name: 'new', friendly_name: 'old' }, 'new'],
    [{ friendly_name: 'old' }, 'old'],
    [{}, undefined]
  ])('names a filter in new and in old words: %j', (names, expected) => {
    const [filter] = parse({ filters: [{ ...names, expression: '1==1', targets: [{ queue: 'WQ1' }] }] }).filters
    expect(filter?.friendly_name).toBe(expected)
  })

  it('lets a target without queue stay in the queue of the target before, filter by filter', () => {
    const { filters, queues } = parse({
      filters: [withTarget({ queue: 'WQ7' }, { priority: 1 }, { queue: 'WQ3' }, {}, {}), withTarget({ queue: 'WQ7' })]
    })
    expect(filters[0]?.targets.map(({ queue }) => queue)).toEqual(['WQ7', 'WQ7', 'WQ3', 'WQ3', 'WQ3'])
    expect(queues).toEqual(['WQ3', 'WQ7'])
  })

  it.each([
    [{ default_filter: { queue: 'WQ1' } }],
    [{ filters: [], default_filter: { queue: 'WQ1' } }],
    [{ filters: null, default_filter: { queue: 'WQ1', timeout: 'whenever' } }]
  ])('may do without filters when it has a default_filter: %j', (routing) => {
    expect(parse(routing)).toMatchObject({ filters: [], default_filter: { queue: 'WQ1' } })
  })

  it('may do without a default_filter when it has filters', () => {
    expect(parse({ filters: [vip], default_filter: null }).default_filter).toBeUndefined()
  })

  it('keeps what older default filters carry', () => {
    const { default_filter } = parse({
      default_filter: { queue: 'WQ1', priority: '3', expression: '1==1', order_by: 'worker.level' }
    })
    expect(default_filter).toMatchObject({
      priority: 3,
      expression: { constant: true },
      order_by: { source: 'worker.level' }
    })
  })

  it('ignores keys it does not know, and takes null and empty texts for nothing', () => {
    const nothing = { priority: null, timeout: '', expression: '', order_by: ' ', skip_if: null, known_worker_sid: '' }
    const [filter] = parse({ mood: 1, filters: [withTarget({ queue: 'WQ1', colour: 'red', ...nothing })] }).filters
    expect(filter?.targets).toEqual([
      {
        index: 0,
        queue: 'WQ1',
        priority: undefined,
        timeout_s: undefined,
        expression: undefined,
        order_by: undefined,
        skip_if: undefined,
        known_worker: undefined
      }
    ])
  })

  it('compiles an expression that repeats once', () => {
    const target = { queue: 'WQ1', expression: 'worker.level > 3' }
    const { filters } = parse({ filters: [withTarget(target, target), withTarget(target)] })
    expect(filters[0]?.targets[1]?.expression).toBe(filters[0]?.targets[0]?.expression)
    expect(filters[1]?.targets[0]?.expression).toBe(filters[0]?.targets[0]?.expression)
  })
})

describe('a document that is read in pieces', () => {
  const document = (name: string) =>
    JSON.stringify({
      task_routing: {
        filters: ['a', 'b'].map((key) => ({
          expression: `${key} == '${name}'`,
          targets: [{ queue: 'WQ1', expression: `worker.${key} == '${name}'` }]
        }))
      }
    })

  it('goes on where it was broken off, and is not compiled again, whatever is read in between', () => {
    const compiled: number[] = []
    let left = 1
    const compiling = (length: number) => {
      if (left-- === 0) throw new Error('enough for now')
      compiled.push(length)
    }
    expect(() => parseWorkflowDocument(document('one'), compiling)).toThrow('enough')
    parseWorkflowDocument(document('two'))
    left = 10
    const { filters } = parseWorkflowDocument(document('one'), compiling)
    expect(compiled.length).toBe(4)
    parseWorkflowDocument(document('two'))
    const again = parseWorkflowDocument(document('one'), compiling)
    expect(compiled.length).toBe(4)
    // The very same: what was asked of it is known by it.
    expect(again.filters[0]?.expression).toBe(filters[0]?.expression)
  })
})

describe('a document that cannot route', () => {
  it.each([
    ['', 'The configuration is not valid JSON'],
    ['task-routing:\n  filters: []', 'The configuration is not valid JSON'],
    ['[]', 'The configuration must be a JSON object'],
    ['null', 'The configuration must be a JSON object'],
    ['{}', 'task_routing: is missing'],
    ['{"task-routing": {}}', 'task_routing: is missing'],
    ['{"task_routing": []}', 'task_routing: must be an object'],
    ['{"task_routing": {}}', 'task_routing: needs a filter or a default_filter'],
    ['{"task_routing": {"filters": {}}}', 'task_routing.filters: must be a list']
  ])('%s: %s', (text, message) => {
    expect(() => parseWorkflowDocument(text)).toThrow(WorkflowDocumentError)
    expect(() => parseWorkflowDocument(text)).toThrow(expect.objectContaining({ message }))
  })

  const good = { queue: 'WQ1' }
  it.each([
    [{ filters: [7] }, 'task_routing.filters[0]: must be an object'],
    [{ filters: [{ targets: [good] }] }, 'task_routing.filters[0].expression: is missing or empty'],
    [{ filters: [{ expression: ' ', targets: [good] }] }, 'task_routing.filters[0].expression: is missing or empty'],
    [{ filters: [{ expression: true, targets: [good] }] }, 'task_routing.filters[0].expression: must be a string'],
    [{ filters: [{ expression: '1==1' }] }, 'task_routing.filters[0].targets: must be a list'],
    [{ filters: [withTarget()] }, 'task_routing.filters[0].targets: must have at least one target'],
    [{ filters: [withTarget(good), withTarget({})] }, 'task_routing.filters[1].targets[0].queue: is missing'],
    [{ filters: [withTarget({ queue: 5 })] }, 'task_routing.filters[0].targets[0].queue: must be a string'],
    [{ filters: [vip], default_filter: {} }, 'task_routing.default_filter.queue: is missing'],
    [{ filters: [vip], default_filter: 'WQ1' }, 'task_routing.default_filter: must be an object'],
    [
      { filters: [withTarget({ ...good, timeout: -1 })] },
      'task_routing.filters[0].targets[0].timeout: must be a whole number from 0 to 2147483647'
    ],
    [
      { filters: [withTarget({ ...good, priority: 'high' })] },
      'task_routing.filters[0].targets[0].priority: must be a whole number from 0 to 2147483647'
    ],
    [
      { filters: [withTarget({ ...good, priority: 1.5 })] },
      'task_routing.filters[0].targets[0].priority: must be a whole number from 0 to 2147483647'
    ],
    [
      { filters: [withTarget({ ...good, priority: '99999999999' })] },
      'task_routing.filters[0].targets[0].priority: must be a whole number from 0 to 2147483647'
    ],
    [
      { filters: [withTarget({ ...good, known_worker_sid: 'task.a', known_worker_friendly_name: 'task.b' })] },
      'task_routing.filters[0].targets[0]: has both known_worker_sid and known_worker_friendly_name; one is allowed'
    ],
    [
      { filters: [vip, { ...vip, filter_friendly_name: 'Angry', expression: 'mood-level > 3' }] },
      'task_routing.filters[1].expression: filter "Angry", "mood-level > 3", column 5: extraneous input \'-\' expecting OPERATOR'
    ],
    [
      { filters: [withTarget({ ...good, skip_if: 'workers.available = ' })] },
      'task_routing.filters[0].targets[0].skip_if: "workers.available = ", column 21: ' +
        "mismatched input '<EOF>' expecting OPERAND"
    ],
    [
      { filters: [withTarget({ ...good, order_by: 'worker.level UP' })] },
      'task_routing.filters[0].targets[0].order_by: "worker.level UP", column 14: ' +
        "mismatched input 'UP' expecting {ASC, DESC}"
    ],
    [
      { filters: [withTarget({ ...good, known_worker_friendly_name: "'agent'" })] },
      'task_routing.filters[0].targets[0].known_worker_friendly_name: "\'agent\'", column 1: ' +
        "mismatched input ''agent'' expecting task.<attribute>"
    ]
  ])('%j: %s', (routing, message) => {
    expect(() => parse(routing)).toThrow(WorkflowDocumentError)
    expect(() => parse(routing)).toThrow(expect.objectContaining({ message }))
  })

  it('tells the place and the column apart from the message', () => {
    const broken = () => parse({ filters: [{ ...vip, expression: 'a b' }] })
    expect(broken).toThrow(expect.objectContaining({ place: 'task_routing.filters[0].expression', column: 3 }))
  })

  it('has at most 1,038,576 bytes, in UTF-8', () => {
    const sized = (fill: string, bytes: number) => {
      const frame = JSON.stringify({ note: '', task_routing: { default_filter: { queue: 'WQ1' } } })
      const width = new TextEncoder().encode(fill).length
      const count = Math.floor((bytes - frame.length) / width)
      return `${frame.replace('""', `"${fill.repeat(count)}"`)}${' '.repeat((bytes - frame.length) % width)}`
    }
    for (const fill of ['x', 'ß', '…', '😀']) {
      expect(parseWorkflowDocument(sized(fill, MAX_DOCUMENT_BYTES)).queues).toEqual(['WQ1'])
      expect(() => parseWorkflowDocument(sized(fill, MAX_DOCUMENT_BYTES + 1))).toThrow('larger than 1038576 bytes')
    }
  })

  it('however deep', () => {
    expect(() => parseWorkflowDocument(`{"task_routing":${'['.repeat(500_000)}${']'.repeat(500_000)}}`)).toThrow(
      'task_routing: must be an object'
    )
  })
})

function parse(task_routing: unknown) {
  return parseWorkflowDocument(JSON.stringify({ task_routing }))
}

function withTarget(...targets: unknown[]) {
  return { expression: '1==1', targets }
}
