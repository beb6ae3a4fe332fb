import { describe, expect, it } from 'vitest'
import { renderLiquid } from './liquid.ts'
import { matchesWhole } from './pattern.ts'

const at = Date.parse('2026-03-02T09:05:07.008Z')

const data = {
  trigger: {
    call: { From: '+33612345678', 'SipHeader_X-foo': 'bar' },
    conversation: { ChannelAttributes: { channel_type: 'web', pre_engagement_data: { name: 'Ana' } } }
  },
  widgets: { lookup: { headers: { 'x-y': '1' }, parsed: { 'a b': 'c', days_late: '3', list: [3, 1, 2] } } },
  flow: { variables: { n: '4', quoted: 'say "hi"' } }
}

describe('templates', () => {
  it.each([
    ['plain', 'plain'],
    ['{{trigger.call.From}}', '+33612345678'],
    ['{{trigger.call["SipHeader_X-foo"]}}', 'bar'],
    ['{{widgets.lookup.headers["x-y"]}}{{widgets.lookup.parsed["a b"]}}', '1c'],
    ['{{trigger.conversation.ChannelAttributes.pre_engagement_data.name}}', 'Ana'],
    ['{{no.such.thing}}', ''],
    ['{{no | default: "Guest" | to_json}}', '"Guest"'],
    ['{{no | to_json}}', 'null'],
    ['{{flow.variables.quoted | to_json}}', '"say \\"hi\\""'],
    ['{{widgets.lookup.parsed | to_json}}', '{"a b":"c","days_late":"3","list":[3,1,2]}'],
    ['{{widgets.lookup.parsed.list}}', '312'],
    ['{{widgets.lookup.parsed.list | sort | join: ","}}', '1,2,3'],
    ['{{flow.variables.n | plus: 0}}', '4'],
    ['{% if trigger.request %}r{% elsif trigger.call %}c{% else %}m{% endif %}', 'c'],
    ['{% case flow.variables.n %}{% when "4" %}four{% else %}other{% endcase %}', 'four'],
    ['{% assign a = "x,y" | split: "," %}{{a | first}}{{a | last}}', 'xy'],
    ['{% comment %}no{% endcomment %}{{ "A" | downcase }}', 'a'],
    ['{% for i in (1..40) %}{{i}} {% endfor %}', '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 '],
    ['{% for i in (1..9) limit: 2 %}{{i}}{% endfor %}', '12'],
    ['{{"now" | date: "%Y-%m-%d %H:%M"}}', '2026-03-02 09:05'],
    ['{{"now" | date: "%A %-d %B, %I:%M %p", "America/Los_Angeles"}}', 'Monday 2 March, 01:05 AM'],
    ['{{"now" | date: "%H:%M %z", "Europe/Paris"}}', '10:05 +0100'],
    ['{{"now" | date: "%s %j %u %U %W"}}', '1772442307 061 1 09 09'],
    ['{{"2026-07-14" | date: "%a %e %b"}}', 'Tue 14 Jul'],
    ['{{"2026-07-14T10:00:00+02:00" | date: "%H:%M"}}', '08:00'],
    ['{{"1772442307" | date: "%F %T"}}', '2026-03-02 09:05:07'],
    ['{{"never" | date: "%F"}}', 'never'],
    ['{{"a b" | url_encode}}', 'a+b'],
    ['{{"<b>x</b>" | strip_html}}{{"<" | escape}}', 'x&lt;']
  ])('%s', (template, text) => {
    expect(renderLiquid(template, data, at)).toMatchObject({ text })
  })

  it.each([
    ['{% include "x" %}', 'tag "include" not found'],
    ['{% if a %}', 'not closed'],
    ['{% for i in (1..99999999) %}{% endfor %}', 'limit exceeded'],
    [`${'{% for i in (1..15) %}'.repeat(6)}.${'{% endfor %}'.repeat(6)}`, 'more than'],
    [`{% assign a = "aaaaaaaaaa" %}${'{% assign a = a | append: a %}'.repeat(40)}`, 'limit exceeded'],
    [`{% assign a = "${'x'.repeat(9000)}" %}{{a}}{{a}}`, 'the result has more than 16384 characters'],
    ['x'.repeat(17_000), 'the result has more than 16384 characters'],
    ['x'.repeat(70_000), 'the template has more than'],
    ['{{ "x" | where_exp: "i", "i.a" }}{{ a.constructor.constructor }}', '']
  ])('are bounded: %#', (template, reason) => {
    const rendered = renderLiquid(template, data, at)
    if (reason === '') expect(rendered).toMatchObject({ text: 'x' })
    else expect(rendered).toMatchObject({ error: expect.stringContaining(reason) })
  })

  it('leave nothing behind: each begins anew', () => {
    renderLiquid('{% assign a = 1 %}{% increment b %}', data, at)
    expect(renderLiquid('{{a}}{% increment b %}', data, at)).toMatchObject({ text: '0' })
  })
})

describe('patterns', () => {
  it.each([
    ['.*(support|help).*', 'I need HELP now', true],
    ['help', 'help me', false],
    ['[0-9]{4}', '1234', true],
    ['(a+)+$', `${'a'.repeat(50_000)}b`, false],
    ['(?=x)x', 'x', undefined],
    ['(', 'x', undefined],
    ['\\d{1,3}\\.?', '12.', true]
  ])('%s', (pattern, text, is) => {
    expect(matchesWhole(pattern, text)).toBe(is)
  })
})
