import { describe, expect, test } from 'vitest'
import { importCircles, importRules } from './house/rooms.ts'
import {
  boundNames,
  citations,
  decisionLinks,
  deskBans,
  documentLines,
  documentPaths,
  engineBans,
  exportedOnce,
  fileNames,
  fileSizes,
  installScripts,
  machinePlaces,
  mergeMarkers,
  skippedTests
} from './house/rules.ts'
import { checkout, type Rule } from './house/tree.ts'

/* Every house rule is tried on the checkout, and on a small tree that breaks it. */

const long = `${'let a = 1\n'.repeat(601)}`

const house: Record<string, { rule: Rule; broken: Record<string, string>; complaint: string }[]> = {
  'what code cites is in docs/behavior': [
    {
      rule: citations,
      broken: {
        'packages/engine/src/a.ts': '/** As it is there (reference flex 4.1 and 9, U2). */',
        'docs/behavior/flex.md': '## 4. Making\n### 4.1 Channel\n| U2 | doubt |'
      },
      complaint: 'packages/engine/src/a.ts cites flex 9, which docs/behavior/flex.md does not have'
    },
    {
      rule: citations,
      broken: { 'test/a.test.ts': '// In two lines (reference events\n// 3): so' },
      complaint: 'test/a.test.ts cites events 3'
    }
  ],
  'no merge is left unfinished': [
    {
      rule: mergeMarkers,
      broken: { 'docs/a.md': `Ours\n${'='.repeat(7)}\nTheirs\n` },
      complaint: `docs/a.md has a line of an unfinished merge: ${'='.repeat(7)}`
    },
    ...['<', '|', '>'].map((mark) => ({
      rule: mergeMarkers,
      broken: { 'packages/a/src/a.ts': `let a = 1\n${mark.repeat(7)} main\n` },
      complaint: `packages/a/src/a.ts has a line of an unfinished merge: ${mark.repeat(7)}`
    }))
  ],
  'no files import one another': [
    {
      rule: importCircles,
      broken: {
        'packages/engine/src/a.ts': "import { b } from './b.ts'",
        'packages/engine/src/b.ts': "import { c } from './c.ts'",
        'packages/engine/src/c.ts': "import { a } from './a.ts'\nimport type { D } from './d.ts'",
        'packages/engine/src/d.ts': "import { c } from './c.ts'"
      },
      complaint: 'packages/engine/src/a.ts <-> packages/engine/src/b.ts <-> packages/engine/src/c.ts import one another'
    }
  ],
  'rooms import only from rooms they may know': [
    {
      rule: importRules,
      broken: { 'packages/engine/src/core/a.ts': "import { isOpen } from '../routing/rows.ts'" },
      complaint: 'core must not know routing'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/matching/a.ts': "import { decide } from '../decide.ts'" },
      complaint: 'matching may only take types from the assembly'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/conversations/a.ts': "import type { Interaction } from '../flex/rows.ts'" },
      complaint: 'conversations must not know flex'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/surveys/a.ts': "import type { TaskRow } from '../routing/rows.ts'" },
      complaint: 'surveys must not know routing'
    },
    {
      rule: importRules,
      broken: { 'packages/contract/src/a.ts': "import type { Row } from '@ringdown/engine/core/row'" },
      complaint: 'contract must not know engine'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/a.ts': "import {\n  type Form,\n  parse\n} from '@ringdown/contract/form'" },
      complaint: 'engine may only take types from contract'
    },
    {
      rule: importRules,
      broken: { 'packages/cli/src/a.ts': "export * from '../../server/src/start.ts'" },
      complaint: 'write @ringdown/server/'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/store/a.ts': "import type { Account } from '../commit/account.ts'" },
      complaint: 'store must not know commit'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/store/a.ts': "import { kinds } from '@ringdown/engine/kinds'" },
      complaint: 'server/src/store must not know engine/src'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/commit/a.ts': "const late = await import('../clock/clock.ts')" },
      complaint: 'commit may only take types from clock'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/http/a.ts': "import '../start.ts'" },
      complaint: 'http must not know the files above its layers'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/sundry/a.ts': "import { a } from '../store/store.ts'" },
      complaint: 'nothing says yet what sundry may import'
    },
    {
      rule: importRules,
      broken: { 'packages/mcp/src/a.ts': "import { connect } from './testing/connect.ts'" },
      complaint: 'that is for tests'
    }
  ],
  'the engine has no clock, chance or waiting': [
    { rule: engineBans, broken: { 'packages/engine/src/a.ts': 'const at = Date.now()' }, complaint: 'uses Date' },
    {
      rule: engineBans,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
      broken: { 'packages/engine/src/a.ts': 'const text = `a ${`b ${Math.random()}`} c`' },
      complaint: 'uses Math.random'
    }
  ],
  'files are named after things, in kebab-case': [
    { rule: fileNames, broken: { 'packages/mcp/src/toolList.ts': '' }, complaint: 'not kebab-case' },
    { rule: fileNames, broken: { 'packages/mcp/src/string-utils.ts': '' }, complaint: '"utils" says nothing' }
  ],
  'files stay short': [{ rule: fileSizes, broken: { 'packages/engine/src/a.ts': long }, complaint: 'more than 600' }],
  'an exported name is declared once in a package': [
    {
      rule: exportedOnce,
      broken: {
        'packages/engine/src/a.ts': 'export type Place = string',
        'packages/engine/src/b.ts': 'export interface Place {}',
        'packages/engine/src/generated/c.ts': 'export interface Place {}',
        'packages/server/src/d.ts': 'export class Place {}'
      },
      complaint: 'engine: Place is exported by packages/engine/src/a.ts and packages/engine/src/b.ts'
    }
  ],
  'bounds are called max or min': [
    { rule: boundNames, broken: { 'packages/mcp/src/a.ts': 'const mostFiles = 10' }, complaint: 'mostFiles' },
    { rule: boundNames, broken: { 'packages/mcp/src/a.ts': 'const longestText = 10' }, complaint: 'longestText' }
  ],
  'a test that is left out says why': [
    { rule: skippedTests, broken: { 'test/a.test.ts': leftOut('describe', 'skip') }, complaint: 'without a reason' },
    { rule: skippedTests, broken: { 'test/a.test.ts': leftOut('test', 'only') }, complaint: 'without a reason' }
  ],
  'documents mention paths that are there': [
    { rule: documentPaths, broken: { 'docs/a.md': 'see `packages/engine/src/gone.ts`' }, complaint: 'gone.ts' },
    { rule: documentPaths, broken: { 'docs/a.md': 'see [that](../gone.md)' }, complaint: '../gone.md' }
  ],
  'documents name no line numbers': [
    { rule: documentLines, broken: { 'README.md': 'in decide.ts:12' }, complaint: 'decide.ts:12' }
  ],
  'no file names a place of one machine': [
    { rule: machinePlaces, broken: { 'a.ts': "open('/home/ada/a')" }, complaint: '/home/ada' },
    { rule: machinePlaces, broken: { 'package-lock.json': lockedTo('https') }, complaint: 'resolved' }
  ],
  'npm runs nothing of ours by itself': [
    {
      rule: installScripts,
      broken: { 'packages/cli/package.json': '{ "scripts": { "postinstall": "node a.js" } }' },
      complaint: 'postinstall'
    }
  ],
  'the desk goes by the server’s clock, takes text for text, and colours by tokens': [
    { rule: deskBans, broken: { 'packages/desk/src/a.tsx': 'const at = Date.now()' }, complaint: 'has Date.now' },
    { rule: deskBans, broken: { 'packages/desk/src/a.css': 'a { color: #fff }' }, complaint: 'has #fff' },
    {
      rule: deskBans,
      broken: { 'packages/desk/src/a.tsx': '<p dangerouslySetInnerHTML={x} />' },
      complaint: 'has danger'
    }
  ],
  'every decision record can be found': [
    {
      rule: decisionLinks,
      broken: { 'docs/decisions/012-a.md': '', 'ARCHITECTURE.md': '012-a' },
      complaint: '012-a.md'
    }
  ]
}

const tree = checkout()

for (const [name, cases] of Object.entries(house)) {
  describe(name, () => {
    for (const rule of new Set(cases.map((one) => one.rule))) {
      test('in this checkout', () => expect(rule(tree)).toEqual([]))
    }
    test.each(cases)('or there is a complaint: $complaint', ({ rule, broken, complaint }) => {
      expect(rule(new Map(Object.entries(broken)))).toEqual([expect.stringContaining(complaint)])
    })
  })
}

/** The text of a test that does not run, or runs alone. */
function leftOut(word: string, how: 'skip' | 'only'): string {
  return `${word}.${how}('see a://b', () => {})`
}

/** The text of a lock file's line that names where a package came from. */
function lockedTo(scheme: string): string {
  return `"resolved": "${scheme}://a`
}

test('what is only said, not done, breaks no rule', () => {
  const files = {
    'packages/engine/src/a.ts': [
      "// import { a } from '@ringdown/server/start', then await it",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
      "const words = ['Date', `await ${1 + 1} async`, /Intl['\"`]/, 'it\\'s'] /* Math.random() */",
      "import type { Sid } from '@ringdown/contract/generated/sids'"
    ].join('\n'),
    'packages/server/src/commit/a.ts': "import type { Clock } from '../clock/clock.ts'",
    'packages/server/src/operations/conversations/service.ts': '',
    'packages/server/src/start.ts': "import { serve } from './http/server.ts'",
    'test/a.test.ts': `${leftOut('test', 'skip')} // voice is not there yet`,
    'README.md': 'POST `/ringdown/v1/clock`, `application/json`, `@ringdown/engine`, `packages/*/src`, `a/dist/main.js`'
  }
  const rules = Object.values(house).flatMap((cases) => cases.map((one) => one.rule))
  expect(rules.flatMap((rule) => rule(new Map(Object.entries(files))))).toEqual([])
})
