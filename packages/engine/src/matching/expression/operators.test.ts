import { describe, expect, it } from 'vitest'
import { compile } from './compile.ts'
import type { WorkerView } from './environment.ts'

// What TargetWorkers say about Maria. Numbers in titles are sections of reference taskrouter; "U" rows of its
// section 12 are choices of ours, which somebody who knows better may change here first.

const maria = {
  level: 6,
  rate: 2.5,
  balance: -3,
  level_text: '6',
  decimal_text: '6.0',
  name: 'Maria',
  city: 'São Paulo',
  languages: ['english', 'german'],
  lines: [1, 2, '3'],
  mixed: [null, true, 5],
  vip: true,
  vip_text: 'true',
  retired: false,
  team: null,
  empty: '',
  none: [],
  skills: { english: 4, sales: { level: 2, tags: ['b2b'] } },
  $a_1: 'odd'
}

type Row = readonly [expression: string, matches: boolean]

function expectRows(rows: readonly Row[]) {
  it.each(rows)('%s -> %s', (expression, expected) => {
    expect(compile(expression, 'worker').matches(undefined, worker(maria))).toBe(expected)
  })
}

function worker(attributes: unknown): WorkerView {
  const names = { sid: 'WK1', friendly_name: 'maria', activity_sid: 'WA1', activity_name: 'Idle' }
  return { ...names, attributes, channel: () => undefined }
}

describe('2.2 words', () => {
  expectRows([
    ["name == 'Maria'", true],
    ['name == "Maria"', true],
    ["name=='Maria'", true],
    [" \t\r\n name \n == \u00a0 'Maria' ", true],
    ["name == 'maria'", false],
    ["Name == 'Maria'", false],
    ["city == 'S\\u00e3o Paulo'", true],
    ["'it\\'s' == \"it's\"", true],
    ['\'say \\"hi\\"\' == \'say "hi"\'', true],
    ["'a\\\\b' CONTAINS '\\\\'", true],
    ["'a\\nb' == 'a\nb'", true],
    ["'a\\tb' == 'a\tb'", true],
    ["empty == ''", true],
    ['balance == -3', true],
    ['rate == 2.5', true],
    ['$a_1 == "odd"', true],
    ['vip == TRUE', true],
    ['vip == True', true],
    ['team == NULL', true],
    ["'german' in languages", true],
    ["languages has 'german' and level > 1", true],
    ["name contains 'ari'", true],
    ['level == 1 or level == 6', true],
    ['level==6 && level==6', true],
    ['level==1 || level==6', true]
  ])
})

describe('2.3 synonyms and forms', () => {
  expectRows([
    ['1==1', true],
    ['1 == 1', true],
    ['1==2', false],
    ['level = 6', true],
    ["languages >- 'german'", true],
    ["'german' <- languages", true],
    ["languages>-'german'", true],
    // A minus that touches a digit is the number's: these two compare, though the characters also spell HAS and IN.
    ['level>-5', true],
    ['level<-5', false],
    ['lines >- 2', true],
    ['vip', true],
    ['retired', false],
    ['true', true],
    ['level', false],
    ['vip_text', false],
    ['nothing_here', false],
    ['vip AND NOT retired', true],
    ['NOT (level == 6)', false],
    ['NOT level == 6', false],
    ['NOT NOT level == 6', true],
    ['not retired', true],
    ['((((level == 6))))', true],
    ['skills.english >= 3', true],
    ['skills.sales.level == 2', true],
    ["skills.sales.tags[0] == 'b2b'", true],
    ["languages[0] == 'english'", true],
    ["languages[1] == 'english'", false],
    ["6 IN ['x', 6]", true],
    ['level IN [ ]', false],
    ['level NOT IN []', true]
  ])
})

describe('2.3 AND binds tighter than OR (U 4)', () => {
  expectRows([
    ['true OR true AND false', true],
    ['(true OR true) AND false', false],
    ['false AND true OR true', true],
    ['false AND (true OR true)', false],
    ['true OR false AND false OR false', true],
    ['NOT false AND false', false],
    ['NOT (false AND false)', true],
    ['NOT true OR true', true]
  ])
})

describe('2.4 == and !=', () => {
  expectRows([
    ['level == 6', true],
    ['6 == level', true],
    ['level == 6.0', true],
    ['level == 7', false],
    ['level != 7', true],
    ['level != 6', false],
    ["name != 'Maria'", false],
    ['vip == true', true],
    ['vip != false', true],
    ['vip == 1', false],
    // Scalar operators on lists are false, either way round.
    ['languages == languages', false],
    ['languages != languages', false],
    ["languages == 'english'", false],
    ["languages != 'english'", false],
    ["'english' != languages", false],
    ['languages == null', false],
    ['languages != null', false],
    ["['a'] == 'a'", false],
    // So is comparing an object.
    ['skills == skills', false],
    ['skills != 5', false]
  ])
})

describe('2.4 < <= > >=', () => {
  expectRows([
    ['level > 5', true],
    ['level > 6', false],
    ['level >= 6', true],
    ['level < 6.5', true],
    ['level <= 5', false],
    ['5 < level', true],
    ["name > 'Lena'", true],
    ["name < 'Lena'", false],
    ["'Z' < 'a'", true],
    ["'a' < 'aa'", true],
    ["'a' <= 'a'", true],
    ["'10' < '9'", true],
    // By code point: U+FF5E comes before an emoji, though its UTF-16 unit is larger.
    ["'\uff5e' < '😀'", true],
    ["'😀' < '\uff5e'", false],
    ['vip > false', false],
    ['vip <= vip', false],
    ['name > 5', false],
    ['name <= 5', false],
    ['languages > 5', false],
    ["languages >= 'english'", false],
    ['skills < 5', false]
  ])
})

describe('2.4 CONTAINS', () => {
  expectRows([
    ["name CONTAINS 'Mar'", true],
    ["name CONTAINS 'mar'", false],
    ["name CONTAINS ''", true],
    ["'Mar' CONTAINS name", false],
    // A scalar operator: false with a list, and with a number, which is no text.
    ["languages CONTAINS 'english'", false],
    ["name CONTAINS ['Mar']", false],
    ['level CONTAINS 6', false],
    ["level_text CONTAINS '6'", true],
    ["name NOT CONTAINS 'x'", true],
    ["name NOT CONTAINS 'M'", false],
    ["languages NOT CONTAINS 'x'", false],
    ["missing NOT CONTAINS 'x'", false]
  ])
})

describe('2.4 HAS, IN, NOT IN', () => {
  expectRows([
    ["languages HAS 'english'", true],
    ["languages HAS 'eng'", false],
    ['lines HAS 2', true],
    ['mixed HAS true', true],
    ["'english' IN languages", true],
    ["'french' IN languages", false],
    ["name IN ['Lena', 'Maria']", true],
    ['level IN [1, 6, 9]', true],
    ["['english'] HAS name", false],
    ["['Maria'] HAS name", true],
    ["'french' NOT IN languages", true],
    ["'english' NOT IN languages", false],
    ["languages NOT HAS 'french'", true],
    ["languages NOT HAS 'english'", false],
    // No list where one is expected: never true, negated or not.
    ["level HAS 'support'", false],
    ["level NOT HAS 'support'", false],
    ['languages IN name', false],
    ["'M' IN name", false],
    ["'M' NOT IN name", false],
    ["'M' NOT IN missing", false],
    // U 7: HAS is not CONTAINS.
    ["name HAS 'Mar'", false],
    // A list in a list, or a list looked for in a list, is nowhere.
    ['languages IN languages', false],
    ['languages HAS languages', false]
  ])
})

describe('2.5 NULL', () => {
  expectRows([
    ['missing == null', true],
    ['missing.deeper.still == null', true],
    ['name.first == null', true],
    ['name.length == null', true],
    ['name[0] == null', true],
    ['languages[9] == null', true],
    ['languages.length == null', true],
    ['skills[0] == null', true],
    ['team == null', true],
    ['team != null', false],
    ['level != null', true],
    ['null == null', true],
    ['missing == team', true],
    ['missing == other', true],
    ["missing != 'x'", true],
    ["missing == 'x'", false],
    ["missing == ''", false],
    ['missing == false', false],
    ['missing == 0', false],
    // U 6: everything else with NULL is false.
    ['missing < 5', false],
    ['missing <= null', false],
    ['missing > 5', false],
    ['missing >= null', false],
    ["missing CONTAINS 'x'", false],
    ['name CONTAINS missing', false],
    ["missing HAS 'x'", false],
    ['mixed HAS null', false],
    ['languages HAS missing', false],
    ['null IN mixed', false],
    ['missing IN [null]', false],
    ['missing IN languages', false],
    // … but what is missing is not in the list.
    ['missing NOT IN languages', true],
    ['missing NOT IN [null]', true],
    ['missing', false]
  ])
})

describe('2.5 numbers and the strings that spell them (U 5)', () => {
  expectRows([
    ['level_text > 5', true],
    ["level > '5'", true],
    ['level_text == 6', true],
    ["level == '6'", true],
    ["level == '6.0'", true],
    ['level_text != 6', false],
    ["decimal_text == '6'", false],
    ['level_text == decimal_text', false],
    ["level == '6 '", false],
    ["level == '0x6'", false],
    ["level == '6e0'", false],
    ["level == ''", false],
    ["level_text < '10'", false],
    ['level_text < 10', true],
    ['lines HAS 3', true],
    ["lines HAS '1'", true],
    ["'2' IN lines", true],
    ['level_text IN [5, 6]', true],
    ["level IN ['5', '6.0']", true],
    ["decimal_text IN ['6']", false],
    // A boolean is no text.
    ["vip == 'true'", false],
    ['vip_text == true', false],
    ["mixed HAS 'true'", false],
    ["vip IN ['true', 1]", false]
  ])
})

describe('attributes are only what was stored', () => {
  expectRows([
    ['constructor == null', true],
    ['__proto__ == null', true],
    ['__proto__.constructor == null', true],
    ['toString.name == null', true],
    ['languages.constructor == null', true],
    ['skills.hasOwnProperty == null', true]
  ])

  it.each([
    ['__proto__.admin == true', '{"__proto__": {"admin": true}}'],
    ["constructor == 'Smith & Sons'", '{"constructor": "Smith & Sons"}'],
    ['a.__proto__ == 1', '{"a": {"__proto__": 1}}']
  ])('%s is found in %s', (expression, attributes) => {
    expect(compile(expression, 'task').matches({ attributes: JSON.parse(attributes) })).toBe(true)
  })

  it.each([[null], [undefined], ['text'], [5], [['list']]])('attributes that are %j have no names', (attributes) => {
    expect(compile('a == null AND length == null', 'task').matches({ attributes })).toBe(true)
  })
})
