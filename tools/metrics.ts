import { fields } from '@ringdown/server/insights/fields'
import { metrics } from '@ringdown/server/insights/metrics'
import { examples, story } from './metric-examples.ts'

/** The text of docs/metrics.md: the catalogue of metrics, with the worked example of each. */
export function metricsPage(): string {
  const rows = [...metrics.values()].map(({ name, definition, unit, kind, source, has_percentiles }) => {
    const [value, how] = examples[name] ?? [null, '']
    const shown = value === null ? 'unknown' : `${Math.round(value * 1000) / 1000}`
    const more = has_percentiles ? `, and percentiles as \`${name}_p90\`` : ''
    return `### ${name}\n\n${definition} (${kind}, ${unit}, of ${source}${more})\n\n*Example:* ${how === '' ? '' : `${how}: `}**${shown}**`
  })
  const dimensions = Object.entries(fields).map(([name, { type, groups, source, meaning }]) => {
    return `| \`${name}\` | ${meaning} | ${type} | ${groups ? 'yes' : ''} | ${source} |`
  })
  return [
    '# Metrics',
    'Generated from the catalogue in `packages/server/src/insights/metrics.ts`; a test fails when it is stale, and works the examples out. How questions are asked: [insights.md](insights.md).',
    '## The worked example',
    'All examples are figures of one story, of all contacts and agents in it together. The threshold of the service level is 20 seconds, that of short abandons 5.',
    `| second | what happens |\n| ---: | --- |\n${story.map(({ at, what }) => `| ${at} | ${what} |`).join('\n')}`,
    '## All metrics',
    'Times are seconds, ratios numbers from 0 to 1, and what cannot be known, as a mean of nothing, is null. Figures of contacts are of those that began in the window that is asked for; time in activities is that within it.',
    ...rows,
    '## Fields',
    'What rows are grouped by and chosen by, and what aggregates of KPIs are of. What attributes of tasks hold is `attributes.NAME`, and deeper `attributes.NAME.NAME`.',
    `| field | meaning | type | groups | of |\n| --- | --- | --- | --- | --- |\n${dimensions.join('\n')}`,
    ''
  ].join('\n\n')
}
