import { describe, expect, it } from 'vitest'
import { drawPanels } from './drawing.ts'
import { atLeast, atMost, type Measured, ms, perSecond, times } from './measured.ts'
import { amended, pageOf, tableLines } from './page.ts'

const quick: Measured = {
  figures: [atLeast('lifecycles', 3000, 2000, perSecond), { what: 'requests', figure: '12,000/s' }],
  how: 'By asking.'
}
const slow: Measured = {
  figures: [
    atMost('p99', 25, 10, ms),
    atMost('growth', 2, 3, times),
    { what: 'over Prism', figure: 'not measured: Prism is not installed', target: '>= 20.00x' }
  ],
  how: 'By waiting.',
  table: '| workers | cost |\n| ---: | ---: |\n| 100 | 5 µs |',
  picture: { file: 'growth.svg', alt: 'cost by workers', svg: '<svg/>' }
}

const machine = {
  text: '2 cores',
  sync: { p50: 0.2, p99: 0.9, inMemory: false },
  syncBusy: { p50: 0.3, p99: 1.9, inMemory: false }
}

function pageWith(measured: Record<string, Measured | undefined>, notes = ''): string {
  return pageOf({
    machine,
    measured: new Map(Object.entries(measured)),
    seconds: 2,
    date: new Date('2026-03-02T09:00:00Z'),
    load: [0.5, 1.5],
    notes
  })
}

/** The lines between a heading and the next one of the second level. */
function under(heading: string, page: string): string {
  const [, rest = ''] = page.split(`\n## ${heading}\n`)
  return rest.split('\n## ')[0]?.trim() ?? ''
}

describe('the page of the benchmarks', () => {
  it('says on what machine, and how many targets are met', () => {
    const page = pageWith({ quick, slow })
    expect(page).toContain('- Machine: 2 cores\n')
    expect(page).toContain('- Date: 2026-03-02 09:00 UTC; samples of 2 s\n')
    expect(page).toContain('- Targets: 2 met, 1 missed, 1 not measured\n')
    expect(page.endsWith('\n')).toBe(true)
  })

  it('neither meets nor misses what a system does not tell', () => {
    const page = pageWith({ slow: { figures: [atMost('memory', Number.NaN, 60, ms)], how: 'By looking.' } })
    expect(page).toContain('- Targets: 0 met, 0 missed, 1 not measured\n')
    expect(page).toContain('memory | not measured: this system does not tell it | <= 60.0 ms |  |  |')
    expect(page).not.toContain('NaN')
  })

  it('judges what has a target, and shows everything where its row is', () => {
    const page = pageWith({ quick, slow })
    const targets = under('Targets', page)
    expect(targets).toContain('| [quick](#quick) | lifecycles | 3,000/s | >= 2,000/s | 1.50x | met |')
    expect(targets).toContain('| [slow](#slow) | p99 | 25.0 ms | <= 10.0 ms | 2.50x | **missed** |')
    expect(targets).toContain('over Prism | not measured: Prism is not installed | >= 20.00x |  |  |')
    expect(targets).not.toContain('requests')
    expect(under('quick', page)).toContain('| requests | 12,000/s |  |  |')
    const slowly = under('slow', page)
    expect(slowly).toContain('![cost by workers](growth.svg)')
    expect(slowly).toContain('| 100 | 5 µs |')
    expect(slowly.endsWith('By waiting.')).toBe(true)
  })

  it('repeats what somebody wrote about a miss, and nothing about rows that miss nothing', () => {
    const notes =
      '# Notes\n\nWhat they are.\n\n## slow\n\nThe disk.\n\nAnd the other one.\n\n## quick\n\nIt was slow once.\n'
    const missed = under('What is missed, and why', pageWith({ quick, slow }, notes))
    expect(missed).toBe('**slow**: p99: 25.0 ms (target <= 10.0 ms).\n\nThe disk.\n\nAnd the other one.')
    expect(pageWith({ quick, slow }, notes)).not.toContain('slow once')
  })

  it('says where nobody has looked for a reason, and which row failed', () => {
    const page = pageWith({ quick, slow, broken: undefined }, '## broken\n\n')
    const missed = under('What is missed, and why', page)
    expect(missed).toContain('**slow**: p99: 25.0 ms (target <= 10.0 ms).\n\nNobody has said why yet.')
    expect(missed).toContain('**broken**: it failed.\n\nNobody has said why yet.')
    expect(page).toContain('rows that failed: broken')
    expect(page).not.toContain('## broken')
    expect(under('What is missed, and why', pageWith({ quick }))).toBe('Nothing.')
  })

  it('takes single rows that were measured anew, which say when and where', () => {
    const notes = '## slow\n\nThe disk.\n\n## quick\n\nThe network.\n'
    const run = { machine: { ...machine, text: '8 cores' }, seconds: 3, date: new Date('2026-04-05T10:30:00Z'), notes }
    const better: Measured = { ...slow, figures: [atMost('p99', 9, 10, ms), atMost('p50', 2, 3, ms)] }
    const now = amended(pageWith({ quick, slow }, notes), { ...run, measured: new Map([['slow', better]]) })
    expect(now).toContain('- Targets: 3 met, 0 missed\n')
    expect(under('What is missed, and why', now)).toBe('Nothing.')
    expect(under('quick', now)).toBe(under('quick', pageWith({ quick })))
    expect(under('slow', now)).toContain(
      'By waiting. Measured apart from the rest of this page: 2026-04-05 10:30 UTC, samples of 3 s, 8 cores.'
    )
    expect(now).toContain('- Machine: 2 cores\n')
    const worse: Measured = { ...quick, figures: [atLeast('lifecycles', 1000, 2000, perSecond)] }
    const then = amended(now, {
      ...run,
      measured: new Map([
        ['quick', worse],
        ['slow', slow]
      ])
    })
    const whole = pageWith({ quick: worse, slow }, notes)
    for (const heading of ['Targets', 'What is missed, and why'])
      expect(under(heading, then)).toBe(under(heading, whole))
    expect(then.replaceAll(/ Measured apart from .*\./g, '')).toBe(whole)
  })

  it('has its figures on the terminal, too', () => {
    expect(tableLines(quick)).toEqual([
      '  lifecycles       3,000/s  target >= 2,000/s: met (1.50x)',
      '  requests        12,000/s'
    ])
  })
})

describe('a drawing', () => {
  it('has every point where it belongs: to the right by its logarithm, upwards by its value', () => {
    const points = [
      [100, 10],
      [1000, 20],
      [10_000, 40]
    ] as const
    const svg = drawPanels([{ x: 'workers <b>', points }], { y: 'µs' })
    const dots = [...svg.matchAll(/<circle class="dot" cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
      Number(x),
      Number(y)
    ])
    expect(dots).toHaveLength(3)
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = [], [x3 = 0, y3 = 0] = []] = dots
    expect(x2 - x1).toBeCloseTo(x3 - x2, 0)
    expect((y1 - y2) * 2).toBeCloseTo(y2 - y3, 0)
    expect(svg).toContain('workers &lt;b>')
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg.match(/<g /g)).toHaveLength(1)
    expect(svg).not.toContain('NaN')
  })
})
