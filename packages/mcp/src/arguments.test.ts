import { describe, expect, it } from 'vitest'
import { match } from './arguments.ts'
import { Fault } from './errors.ts'
import { allTools } from './tools/all.ts'

const sid = (prefix: string) => prefix + '0'.repeat(32)

const tool = (name: string) => {
  const found = allTools.find((one) => one.name === name)
  if (!found) throw new Error(`no tool ${name}`)
  return found
}

/** The mistakes of a call, as the agent is told. */
function mistakes(name: string, given: unknown, readOnly = false) {
  try {
    match(tool(name), given, readOnly)
  } catch (error) {
    if (error instanceof Fault) return error.bodies
    throw error
  }
  return []
}
const values = (name: string, given: unknown) => match(tool(name), given).values

describe('how an argument may be spelled', () => {
  it.each(['friendlyName', 'FriendlyName', 'friendly_name', 'FRIENDLY_NAME'])('%s is friendlyName', (spelling) => {
    expect(values('manage_activities', { action: 'create', [spelling]: 'Lunch' })).toEqual({ friendlyName: 'Lunch' })
  })

  it.each([
    ['manage_workers', { action: 'get', worker: 'amelie' }, { workerSid: 'amelie' }],
    ['manage_workers', { action: 'get', workerName: 'amelie' }, { workerSid: 'amelie' }],
    ['manage_tasks', { action: 'create', routingWorkflowSid: 'Default', attributes: '{}' }, { workflowSid: 'Default' }],
    [
      'manage_tasks',
      { action: 'list', queue: 'Support', workspace: 'Flex' },
      { taskQueueSid: 'Support', workspaceSid: 'Flex' }
    ],
    ['get_workspace_statistics', { minutesFilter: '30' }, { minutes: 30 }],
    [
      'create_interaction',
      { type: 'sms', conversation: 'order-1' },
      { channelType: 'sms', conversationSid: 'order-1' }
    ],
    ['create_interaction', { channelType: 'facebook', conversationSid: 'a' }, { channelType: 'messenger' }],
    ['create_interaction', { channelType: 'webchat', conversationSid: 'a' }, { channelType: 'web' }],
    [
      'manage_flex_flows',
      { action: 'create', friendlyName: 'a', channelType: 'messenger' },
      { channelType: 'facebook' }
    ],
    [
      'manage_interaction_participants',
      { action: 'add', interactionSid: 'KD', type: 'customer' },
      { participantType: 'customer' }
    ]
  ])('%s takes %o as other connectors send it', (name, given, expected) => {
    expect(values(name, given)).toMatchObject(expected)
  })

  it('takes remove for delete, and create for add', () => {
    expect(match(tool('manage_activities'), { action: 'remove', activitySid: 'Break' }).name).toBe('delete')
    expect(
      match(tool('manage_conversation_participants'), { action: 'delete', conversationSid: 'a', participantSid: 'b' })
        .name
    ).toBe('remove')
    expect(match(tool('manage_conversation_participants'), { action: 'create', conversationSid: 'a' }).name).toBe('add')
    expect(match(tool('manage_activities'), { action: 'add', friendlyName: 'Lunch' }).name).toBe('create')
  })

  it('ignores with a warning what had no effect elsewhere either', () => {
    const { warnings } = match(tool('create_interaction'), {
      channelType: 'sms',
      conversationSid: 'a',
      interactionContextJson: '{}'
    })
    expect(warnings).toEqual(['interactionContextJson is ignored: put it into attributes'])
    expect(
      match(tool('send_conversation_message'), { conversationSid: 'a', body: 'b', mediaContentType: 'image/png' })
        .warnings
    ).toHaveLength(1)
  })
})

describe('what a value may be', () => {
  it('takes numbers and booleans as text', () => {
    expect(values('manage_tasks', { action: 'create', priority: '5', ignoreCapacity: 'True' })).toEqual({
      priority: 5,
      ignoreCapacity: true
    })
  })

  it('forwards JSON text byte for byte, and serializes an object once', () => {
    expect(
      values('manage_workers', { action: 'create', friendlyName: 'a', attributes: '{ "a" : 1 }' }).attributes
    ).toEqual({ text: '{ "a" : 1 }', value: { a: 1 } })
    expect(values('manage_workers', { action: 'create', friendlyName: 'a', attributes: { a: 1 } }).attributes).toEqual({
      text: '{"a":1}',
      value: { a: 1 }
    })
  })

  it.each([
    ['{"a": nope}', 'position 6'],
    ['{"a": 1', 'position 7'],
    ["{'a': 1}", 'position 1'],
    ['{"a": 1} x', 'position 9'],
    ['hello', 'position 0']
  ])('says where the text %s stops being JSON', (attributes, place) => {
    const [mistake] = mistakes('manage_workers', { action: 'create', friendlyName: 'a', attributes })
    expect(mistake).toMatchObject({ code: 'not_json', argument: 'attributes' })
    expect(mistake?.message).toContain(place)
  })

  it.each(['5', '"text"', '[1]', 7, true, [1]])('refuses %o where an object is due', (attributes) => {
    expect(mistakes('manage_workers', { action: 'create', friendlyName: 'a', attributes })).toMatchObject([
      { code: 'bad_value', argument: 'attributes' }
    ])
  })

  it.each([
    [{ id: 2 ** 54 }, 'attributes.id'],
    [{ pages: [1, { id: -(2 ** 70) }] }, 'attributes.pages[1].id']
  ])('refuses a number that came rounded in an object: %o', (attributes, place) => {
    const [mistake] = mistakes('manage_workers', { action: 'create', friendlyName: 'a', attributes })
    expect(mistake).toMatchObject({
      code: 'bad_value',
      argument: 'attributes',
      next: expect.stringContaining('JSON text')
    })
    expect(mistake?.message).toContain(`${place} is a number of more than 15 digits`)
  })

  it('takes every number in JSON text, and those that a value holds in an object', () => {
    const taken = (attributes: unknown) =>
      values('manage_workers', { action: 'create', friendlyName: 'a', attributes }).attributes
    expect(taken('{"id":17841444523369053}')).toMatchObject({ text: '{"id":17841444523369053}' })
    expect(taken({ id: 9007199254740991, ratio: 0.1 })).toMatchObject({ text: '{"id":9007199254740991,"ratio":0.1}' })
  })

  it('takes null for not given, and "" as well, except where the API can be cleared', () => {
    expect(values('manage_tasks', { action: 'create', priority: null, taskChannel: '', attributes: '' })).toEqual({})
    expect(
      values('manage_workflows', {
        action: 'update',
        workflowSid: 'Default',
        friendlyName: '',
        assignmentCallbackUrl: ''
      })
    ).toEqual({
      workflowSid: 'Default',
      assignmentCallbackUrl: ''
    })
  })

  it('cuts a page to 100 with a warning, and refuses one below 1', () => {
    const { values: cut, warnings } = match(tool('manage_tasks'), { action: 'list', pageSize: 500 })
    expect(cut).toEqual({ pageSize: 100 })
    expect(warnings).toHaveLength(1)
    expect(mistakes('manage_tasks', { action: 'list', pageSize: 0 })).toMatchObject([
      { code: 'bad_value', argument: 'pageSize' }
    ])
  })

  it('takes fields as a list, as JSON text, or with commas', () => {
    for (const fields of [['a', 'b'], '["a","b"]', 'a, b'])
      expect(values('manage_tasks', { action: 'list', fields }).fields).toEqual(['a', 'b'])
  })

  it('tells the enum of a wrong value', () => {
    expect(mistakes('list_conversation_messages', { conversationSid: 'a', order: 'newest' })).toMatchObject([
      {
        code: 'bad_value',
        argument: 'order',
        found: 'newest',
        message: 'order must be asc or desc; desc begins with the newest'
      }
    ])
  })
})

describe('what a call is refused for', () => {
  it('tells all mistakes at once', () => {
    const found = mistakes('manage_tasks', {
      action: 'create',
      colour: 1,
      priority: 'high',
      taskSid: sid('WT'),
      attributes: '{'
    })
    expect(found.map(({ code, argument }) => [code, argument])).toEqual([
      ['unknown_argument', 'colour'],
      ['bad_value', 'priority'],
      ['not_json', 'attributes'],
      ['unused_argument', 'taskSid']
    ])
  })

  it.each(['constructor', 'Constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', 'prototype'])(
    'tells %s, which every object has, for what it is: no argument',
    (name) => {
      const nonsense: unknown = JSON.parse(`{"action":"list","${name}":"x"}`)
      for (const { name: every } of allTools)
        expect(mistakes(every, nonsense), every).toContainEqual(
          expect.objectContaining({ code: 'unknown_argument', argument: name })
        )
    }
  )

  it('tells constructor for what it is as a value, too', () => {
    const call = { channelType: 'constructor', conversationSid: 'a' }
    expect(mistakes('create_interaction', call)).toMatchObject([{ code: 'bad_value', argument: 'channelType' }])
    for (const action of ['constructor', '__proto__'])
      expect(mistakes('manage_tasks', { action })).toMatchObject([{ code: 'bad_value', argument: 'action' }])
  })

  it('names the argument that was nearly hit', () => {
    expect(mistakes('manage_workers', { action: 'get', workerSid: 'a', friendlyNme: 'b' })).toMatchObject([
      { code: 'unknown_argument', next: 'use friendlyName' }
    ])
  })

  it('gives the reason where an argument cannot be used, instead of dropping it', () => {
    expect(
      mistakes('manage_activities', { action: 'update', activitySid: 'a', friendlyName: 'b', available: true })
    ).toMatchObject([
      { code: 'unused_argument', argument: 'available', next: expect.stringContaining('fixed at creation') }
    ])
    expect(
      mistakes('manage_tasks', { action: 'update', taskSid: sid('WT'), priority: 1, taskQueueSid: 'Billing' })
    ).toMatchObject([
      {
        code: 'unused_argument',
        argument: 'taskQueueSid',
        next: expect.stringContaining('a task moves by its attributes and workflow')
      }
    ])
  })

  it('lets the workspace, pages and fields pass everywhere', () => {
    expect(
      mistakes('manage_activities', { action: 'get', activitySid: 'a', workspaceSid: 'Flex', pageSize: 5 })
    ).toEqual([])
  })

  it('says that an update would change nothing', () => {
    expect(mistakes('manage_workers', { action: 'update', workerSid: 'amelie', friendlyName: null })).toMatchObject([
      { code: 'missing_argument', message: 'manage_workers update would change nothing' }
    ])
  })

  it('says what a SID of another kind is, and where it fits', () => {
    expect(mistakes('manage_tasks', { action: 'get', taskSid: sid('WK') })).toMatchObject([
      {
        code: 'wrong_sid',
        argument: 'taskSid',
        message: expect.stringContaining('is a worker'),
        next: expect.stringContaining('workerSid')
      }
    ])
  })

  it('asks for the action, and refuses a write where only reading is allowed', () => {
    expect(mistakes('manage_tasks', {})).toMatchObject([{ code: 'missing_argument', argument: 'action' }])
    for (const action of [null, '', ' ']) {
      expect(mistakes('manage_tasks', { action })).toMatchObject([{ code: 'missing_argument', argument: 'action' }])
    }
    for (const action of [['list'], { name: 'list' }, 5, true]) {
      expect(mistakes('manage_tasks', { action })).toMatchObject([
        { code: 'bad_value', argument: 'action', found: action, allowed: expect.arrayContaining(['list']) }
      ])
    }
    expect(mistakes('manage_tasks', { action: 'fly' })).toMatchObject([
      { code: 'bad_value', argument: 'action', allowed: expect.arrayContaining(['accept']) }
    ])
    expect(mistakes('manage_tasks', { action: 'cancel', taskSid: sid('WT') }, true)).toMatchObject([
      { code: 'read_only', allowed: ['get', 'list'] }
    ])
  })
})
