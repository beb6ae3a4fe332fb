import { describe, expect, it } from 'vitest'
import { compile } from './compile.ts'
import type { ChannelView, Scope, WorkerView } from './environment.ts'
import { ExpressionError } from './error.ts'

const chat: ChannelView = { configured_capacity: 4, assigned_tasks: 1, available_capacity_percentage: 75 }

function worker(attributes: unknown, channels: Readonly<Record<string, ChannelView>> = { chat }): WorkerView {
  return {
    sid: 'WKmaria',
    friendly_name: 'maria',
    activity_sid: 'WAidle',
    activity_name: 'Idle MNO',
    attributes,
    channel: (unique_name) => (Object.hasOwn(channels, unique_name) ? channels[unique_name] : undefined)
  }
}

describe("a queue's TargetWorkers", () => {
  it.each([
    ['level > 3', { level: 5 }, true],
    ['level > 3', { level: 2 }, false],
    ["sid == 'WKmaria'", {}, true],
    ["friendly_name == 'maria'", {}, true],
    ["activity_name contains 'MNO'", {}, true],
    ["activity_sid == 'WAidle'", {}, true],
    // The attribute of that name has precedence, null included.
    ["sid == 'staff-7'", { sid: 'staff-7' }, true],
    ['sid == null', { sid: null }, true],
    ['sid.area == 4', { sid: { area: 4 } }, true],
    ["channel == 'phone'", { channel: 'phone' }, true],
    // There is no prefix: `worker` is an attribute like any other.
    ['worker.level == 5', { level: 5 }, false],
    ['worker.level == 5', { worker: { level: 5 } }, true]
  ])('%s on %j -> %s', (source, attributes, expected) => {
    expect(compile(source, 'worker').matches(undefined, worker(attributes))).toBe(expected)
  })

  it.each(['', '  \n'])('that is empty (%j) matches nobody', (source) => {
    const expression = compile(source, 'worker')
    expect(expression.matches(undefined, worker({}))).toBe(false)
    expect(expression.constant).toBe(false)
    expect(expression.conjuncts).toMatchObject([{ kind: 'constant' }])
  })
})

describe("a target's expression", () => {
  it.each([
    ['worker.languages HAS task.language', { language: 'en' }, { languages: ['en'] }, true],
    ['worker.languages HAS task.language', { language: 'fr' }, { languages: ['en'] }, false],
    ['task.agent == worker.sid', { agent: 'WKmaria' }, {}, true],
    ["worker.sid == 'WKmaria'", {}, { sid: 'mine' }, true],
    ["worker.activity_name == 'Idle MNO'", {}, { activity_name: 'mine' }, true],
    ['worker.channel.chat.assigned_tasks == 1', {}, {}, true],
    ['worker.channel.chat.available_capacity_percentage >= 75', {}, {}, true],
    ['worker.channel.chat.configured_capacity == 4', {}, {}, true],
    ['worker.channel.voice.assigned_tasks == null', {}, {}, true],
    ['worker.channel.chat.mood == null', {}, {}, true],
    ['worker.channel.chat.__proto__ == null', {}, {}, true],
    ['worker.channel.toString.assigned_tasks == null', {}, {}, true],
    ['worker.channel == null', {}, { channel: 5 }, true],
    ['worker.sid.x == null', {}, { sid: { x: 1 } }, true],
    ['task.priority == null', {}, {}, true],
    ['task.in == 1 AND task.has == 2', { in: 1, has: 2 }, {}, true]
  ])('%s on %j and %j -> %s', (source, task, attributes, expected) => {
    expect(compile(source, 'target').matches({ attributes: task }, worker(attributes))).toBe(expected)
  })

  it('reads NULL from a side that is left out', () => {
    expect(compile('task.a == null AND worker.sid == null', 'target').matches()).toBe(true)
  })
})

describe('skip_if', () => {
  const workers = { available: 0, unavailable: 3, activity: (sid: string) => (sid === 'WAbreak' ? 2 : 0) }

  it.each([
    ['workers.available == 0', true],
    ['workers.unavailable > 3', false],
    ['workers.WAbreak == 2', true],
    ['workers.WAgone == 0', true],
    ['workers.available == 0 AND (workers.unavailable < 2 OR workers.WAbreak >= 1)', true],
    ['1==1', true]
  ])('%s -> %s', (source, expected) => {
    expect(compile(source, 'skip_if').matches(undefined, undefined, workers)).toBe(expected)
  })
})

describe('what is no expression', () => {
  it.each<[source: string, scope: Scope, message: string, column: number]>([
    ['skill-level > 3', 'task', "extraneous input '-' expecting OPERATOR", 6],
    ['skill-3 > 2', 'task', "extraneous input '-3' expecting OPERATOR", 6],
    ['', 'task', "mismatched input '<EOF>' expecting OPERAND", 1],
    ['', 'target', "mismatched input '<EOF>' expecting OPERAND", 1],
    ['   ', 'skip_if', "mismatched input '<EOF>' expecting OPERAND", 4],
    ['level >', 'task', "mismatched input '<EOF>' expecting OPERAND", 8],
    ['> 3', 'task', "mismatched input '>' expecting OPERAND", 1],
    ['level > > 3', 'task', "mismatched input '>' expecting OPERAND", 9],
    ['level 3', 'task', "extraneous input '3' expecting OPERATOR", 7],
    ['level == 3 4', 'task', "extraneous input '4' expecting {<EOF>, AND, OR}", 12],
    ['1 == 1 == 1', 'task', "extraneous input '==' expecting {<EOF>, AND, OR}", 8],
    ['level == 3)', 'task', "extraneous input ')' expecting {<EOF>, AND, OR}", 11],
    ['(level == 3', 'task', "missing ')' at '<EOF>'", 12],
    ['(level == 3]', 'task', "extraneous input ']' expecting {')', AND, OR}", 12],
    ['level == 3 AND', 'task', "mismatched input '<EOF>' expecting OPERAND", 15],
    ['AND level == 3', 'task', "mismatched input 'AND' expecting OPERAND", 1],
    ['level NOT == 3', 'task', "mismatched input '==' expecting {IN, HAS, CONTAINS}", 11],
    ['in == 3', 'task', "mismatched input 'in' expecting OPERAND", 1],
    ["name == 'Maria", 'task', "token recognition error at: ''Maria'", 9],
    ["name == 'a\\x'", 'task', "token recognition error at: '\\x'", 11],
    ["name == '\\u12'", 'task', "token recognition error at: '\\u'", 10],
    ['level # 3', 'task', "extraneous input '#' expecting OPERATOR", 7],
    ['😀 == 3', 'task', "mismatched input '😀' expecting OPERAND", 1],
    ['level ! 3', 'task', "extraneous input '!' expecting OPERATOR", 7],
    ['level == 1e5', 'task', "extraneous input 'e5' expecting {<EOF>, AND, OR}", 11],
    ['level == .5', 'task', "mismatched input '.' expecting OPERAND", 10],
    ['a. == 3', 'task', "mismatched input '==' expecting NAME", 4],
    ['a.-1 == 3', 'task', "mismatched input '-1' expecting NAME", 3],
    ['a.988-EN == 3', 'task', "extraneous input '-' expecting OPERATOR", 6],
    ['988EN == 3', 'task', "extraneous input 'EN' expecting OPERATOR", 4],
    ['a[x] == 3', 'task', "mismatched input 'x' expecting INDEX", 3],
    ['a[-1] == 3', 'task', "mismatched input '-1' expecting INDEX", 3],
    ['a[1.5] == 3', 'task', "mismatched input '1.5' expecting INDEX", 3],
    ['a[1 == 3', 'task', "mismatched input '==' expecting ']'", 5],
    ['a IN [1, ]', 'task', "mismatched input ']' expecting LITERAL", 10],
    ['a IN [1 2]', 'task', "mismatched input '2' expecting {',', ']'}", 9],
    ['a IN [[1]]', 'task', "mismatched input '[' expecting LITERAL", 7],
    ['a IN [b]', 'task', "mismatched input 'b' expecting LITERAL", 7],
    ['a IN [1', 'task', "mismatched input '<EOF>' expecting {',', ']'}", 8]
  ])('%j (%s): %s', (source, scope, message, column) => {
    const error = thrownBy(() => compile(source, scope))
    expect(error).toBeInstanceOf(ExpressionError)
    expect(error).toMatchObject({ message, column })
  })

  it('quotes only the beginning of a long word', () => {
    expect(() => compile(`a == 1 ${'x'.repeat(5000)}`, 'task')).toThrow(
      `extraneous input '${'x'.repeat(39)}…' expecting`
    )
  })
})

describe('large texts are quick or refused', () => {
  it('refuses parentheses deeper than 100', () => {
    const nested = (depth: number) => `${'('.repeat(depth)}1==1${')'.repeat(depth)}`
    expect(compile(nested(100), 'task').constant).toBe(true)
    expect(thrownBy(() => compile(nested(101), 'task'))).toMatchObject({
      message: 'parentheses nest deeper than 100',
      column: 101
    })
    expect(() => compile(nested(5_000), 'task')).toThrow(ExpressionError)
    expect(() => compile('('.repeat(10_000), 'task')).toThrow(ExpressionError)
  })

  it('refuses texts longer than 100,000 characters', () => {
    expect(() => compile(`a == '${'x'.repeat(99_993)}'`, 'task')).not.toThrow()
    expect(() => compile(`a == '${'x'.repeat(99_994)}'`, 'task')).toThrow('longer than 100000 characters')
  })

  it('reads a list of 10,000 numbers and finds its last', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i).join(', ')
    const expression = compile(`n IN [${list}]`, 'task')
    expect(expression.matches({ attributes: { n: 9_999 } })).toBe(true)
    expect(expression.matches({ attributes: { n: '9999.0' } })).toBe(true)
    expect(expression.matches({ attributes: { n: 10_000 } })).toBe(false)
  })

  it.each([
    ['AND', `${'a==1 AND '.repeat(11_000)}a==1`, true],
    ['OR', `${'a==2 OR '.repeat(12_000)}a==1`, true],
    ['NOT', `${'NOT '.repeat(24_000)}a==1`, true],
    ['a path', `a${'.a'.repeat(49_000)} == null`, true],
    ['indexes', `a${'[0]'.repeat(33_000)} == null`, true],
    ['escapes', `a == '${'\\n'.repeat(49_000)}'`, false],
    ['white space', `${' '.repeat(99_000)}a==1`, true],
    ['digits', `a == ${'9'.repeat(99_000)}`, false]
  ])('evaluates 100,000 characters of %s', (_what, source, expected) => {
    expect(compile(source, 'task').matches({ attributes: { a: 1 } })).toBe(expected)
  })
})

describe('what an expression tells the matcher', () => {
  it('names the paths it reads on either side, each once', () => {
    const { task_paths, worker_paths } = compile(
      'worker.languages HAS task.lang AND (task.lang == "en" OR worker.skills.en[0] > 1) AND worker.activity_name == "x"' +
        ' AND worker.channel.chat.assigned_tasks == 0 AND worker.sid != "y"',
      'target'
    )
    expect(task_paths).toMatchObject([{ text: 'task.lang', keys: ['lang'] }])
    expect(worker_paths).toMatchObject([
      { text: 'worker.languages', keys: ['languages'], system: false, volatile: false },
      { text: 'worker.skills.en[0]', keys: ['skills', 'en', 0], system: false, volatile: false },
      { text: 'worker.activity_name', system: true, volatile: true },
      { text: 'worker.channel.chat.assigned_tasks', system: true, volatile: true },
      { text: 'worker.sid', system: true, volatile: false }
    ])
    expect(worker_paths.map((path) => path.read(worker({ skills: { en: [7] } })))).toEqual([
      undefined,
      7,
      'Idle MNO',
      1,
      'WKmaria'
    ])
  })

  it.each([
    ['level', 'worker', 'worker.level', false, false],
    ['sid', 'worker', 'sid', true, false],
    ['activity_sid', 'worker', 'activity_sid', true, true],
    ['channel.chat.assigned_tasks', 'worker', 'channel.chat.assigned_tasks', false, false],
    ['sid.area', 'worker', 'sid.area', false, false],
    ['worker.level', 'target', 'worker.level', false, false]
  ] as const)('%s in the scope %s is the path %s', (source, scope, text, system, volatile) => {
    expect(compile(source, scope).worker_paths).toMatchObject([{ side: 'worker', text, system, volatile }])
  })

  it.each([
    ['1==1', { kind: 'constant' }],
    ["task.tier == 'gold'", { kind: 'task' }],
    ['task.a == task.b', { kind: 'task' }],
    ['worker.level > 3', { kind: 'worker' }],
    ["'en' IN worker.languages", { kind: 'worker' }],
    [
      'task.agent == worker.sid',
      { kind: 'equality', task_path: { text: 'task.agent' }, worker_path: { text: 'worker.sid' } }
    ],
    [
      'worker.city = task.city',
      { kind: 'equality', task_path: { text: 'task.city' }, worker_path: { text: 'worker.city' } }
    ],
    ['worker.langs HAS task.lang', { kind: 'membership', list_side: 'worker' }],
    ['task.langs HAS worker.lang', { kind: 'membership', list_side: 'task' }],
    ['task.lang IN worker.langs', { kind: 'membership', list_side: 'worker' }],
    ['worker.lang IN task.langs', { kind: 'membership', list_side: 'task' }],
    ['worker.lang NOT IN task.langs', { kind: 'mixed' }],
    ['worker.level >= task.level', { kind: 'mixed' }],
    ['worker.a != task.a', { kind: 'mixed' }],
    ['NOT worker.a == task.a', { kind: 'mixed' }],
    ["worker.a == task.a OR task.b == 'x'", { kind: 'mixed' }]
  ])('%s is %j', (source, expected) => {
    expect(compile(source, 'target').conjuncts).toMatchObject([expected])
  })

  it('takes skip_if for what it is', () => {
    expect(compile('workers.available == 0', 'skip_if').conjuncts).toMatchObject([{ kind: 'workforce' }])
  })

  it('splits at every AND on top, parentheses or not, and quotes each part', () => {
    const { conjuncts } = compile(
      'worker.level > 3 AND (task.a == 1 AND (worker.x == task.x)) AND (task.b == 1 OR worker.c == 2) AND NOT (task.d AND task.e)',
      'target'
    )
    expect(conjuncts.map(({ kind, source }) => `${kind}: ${source}`)).toEqual([
      'worker: worker.level > 3',
      'task: task.a == 1',
      'equality: worker.x == task.x',
      'mixed: task.b == 1 OR worker.c == 2',
      'task: NOT (task.d AND task.e)'
    ])
    const truths = conjuncts.map((part) => part.matches({ attributes: { a: 1, x: 'k' } }, worker({ level: 3, x: 'k' })))
    expect(truths).toEqual([false, true, true, false, true])
  })

  it.each([
    ['1==1', true],
    ['1==2', false],
    ['1==1 AND task.a == 1', undefined],
    ['1==2 AND task.a == 1', false],
    ['task.a == 1', undefined]
  ])('knows beforehand that %s is %s', (source, expected) => {
    expect(compile(source, 'target').constant).toBe(expected)
  })
})

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
