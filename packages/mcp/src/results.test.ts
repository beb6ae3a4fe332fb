import { describe, expect, it } from 'vitest'
import { match } from './arguments.ts'
import { errorText } from './errors.ts'
import { near } from './near.ts'
import { type ApiPage, paged, pagedList } from './pages.ts'
import { bodyOf, maxBytes, pick, type Row, resultOf } from './results.ts'
import type { Call } from './tool.ts'

const row = { taskSid: 'WT1', attributes: { lang: 'fr', vip: { since: 2020 } }, reason: null, priority: 3 }

const textOf = (content: readonly object[]): string => String(Object(content[0]).text)

describe('the fields of a row', () => {
  it('are those of the list, without what is null', () => {
    expect(pick(row, ['taskSid', 'priority', 'reason'])).toEqual({ taskSid: 'WT1', priority: 3 })
  })

  it('are those that were asked for, inside attributes too, and the SID stays', () => {
    expect(pick(row, ['taskSid'], ['attributes.lang', 'attributes.vip.since'])).toEqual({
      taskSid: 'WT1',
      attributes: { lang: 'fr', vip: { since: 2020 } }
    })
    expect(pick(row, ['taskSid'], ['attributes.none'])).toEqual({ taskSid: 'WT1' })
    expect(pick(row, ['taskSid'], ['*'])).toEqual({ taskSid: 'WT1', attributes: row.attributes, priority: 3 })
  })

  it('are told when one does not exist', () => {
    expect(() => pick(row, ['taskSid'], ['prioritet'])).toThrow(/no field prioritet/)
  })
})

describe('a result', () => {
  it('says the same to clients that read structure and to those that read text', () => {
    const result = resultOf({ tasks: [{ taskSid: 'WT1' }], nextPageToken: undefined }, ['one', 'one'])
    expect(result.structuredContent).toEqual({ tasks: [{ taskSid: 'WT1' }], warnings: ['one'] })
    expect(result.content).toEqual([{ type: 'text', text: JSON.stringify(result.structuredContent) }])
  })

  it('never passes 20 kB: what is biggest gives way and is named', () => {
    const big = {
      workflows: [{ workflowSid: 'WW1', configuration: { text: 'x'.repeat(30_000) }, friendlyName: 'Default' }]
    }
    const { structuredContent } = resultOf(big, [])
    expect(structuredContent).toEqual({
      workflows: [{ workflowSid: 'WW1', friendlyName: 'Default' }],
      omitted: { 'workflows[0].configuration': '30 kB' }
    })
  })

  it('measures every value a few times, however many there are', () => {
    let measured = 0
    const attributes = () => ({
      get text() {
        measured++
        return 'x'.repeat(200)
      }
    })
    const tasks = Array.from({ length: 2000 }, (_, index) => ({ taskSid: `WT${index}`, attributes: attributes() }))
    const { structuredContent, content } = resultOf({ tasks }, [])
    // As a whole, by members, by rows, and what is left in both forms of the result.
    expect(measured).toBeLessThan(5 * tasks.length)
    const text = textOf(content)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
    const { tasks: shown, omitted } = structuredContent as { tasks: unknown[]; omitted: Record<string, string> }
    expect(shown[0]).toEqual({ taskSid: 'WT0' })
    expect(omitted.tasks).toBe(`the last ${tasks.length - shown.length} of ${tasks.length}`)
  })

  it('ends lists of many small rows earlier, and says so', () => {
    const rows = Array.from({ length: 5000 }, (_, index) => ({ index, name: `row ${index}` }))
    const { structuredContent, content } = resultOf({ rows }, [])
    const text = textOf(content)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
    const { rows: shown, omitted } = structuredContent as { rows: unknown[]; omitted: object }
    expect(shown.length).toBeGreaterThan(300)
    expect(shown).toEqual(rows.slice(0, shown.length))
    expect(omitted).toEqual({ rows: `the last ${5000 - shown.length} of 5000` })
  })

  it('cuts long bodies and says how long they were', () => {
    expect(bodyOf('short')).toEqual({ body: 'short' })
    expect(bodyOf('x'.repeat(2500))).toEqual({ body: 'x'.repeat(2000), bodyLength: 2500 })
  })
})

describe('pages', () => {
  const filters = 'abc'
  const asking = (pageToken?: string, pageSize?: number): Call => ({ filters, pageToken, pageSize }) as Call // paging reads no more of a call
  const items = Array.from({ length: 45 }, (_, index) => index)

  /** An API that pages by an opaque token, as the SDK shows it. */
  const read = async ({ pageSize, pageToken }: { pageSize: number; pageToken?: string }): Promise<ApiPage<number>> => {
    const from = pageToken ? Number(pageToken.slice(2)) : 0
    const next =
      from + pageSize < items.length
        ? `https://taskrouter.twilio.com/v1/x?PageSize=${pageSize}&Page=1&PageToken=PT${from + pageSize}`
        : undefined
    return { instances: items.slice(from, from + pageSize), nextPageUrl: next }
  }

  it('continue until the end, where there is no token', async () => {
    const seen: unknown[] = []
    let token: string | undefined
    do {
      const { rows, nextPageToken } = await paged(asking(token), read, (item): Row => ({ item }))
      seen.push(...rows.map(({ item }) => item))
      token = nextPageToken
    } while (token)
    expect(seen).toEqual(items)
  })

  it('stop at 20 kB and go on inside the same page of the API', async () => {
    const wide = (item: number): Row => ({ item, text: 'x'.repeat(3000) })
    const first = await paged(asking(undefined, 20), read, wide)
    expect(JSON.stringify(first.rows).length).toBeLessThan(maxBytes)
    expect(first.rows).toHaveLength(6)
    const second = await paged(asking(first.nextPageToken), read, wide)
    expect(second.rows[0]).toMatchObject({ item: 6 })
  })

  it('cut a list that is known as a whole in the same way', async () => {
    const first = await pagedList(asking(undefined, 30), items, (item): Row => ({ item }))
    const second = await pagedList(asking(first.nextPageToken), items, (item): Row => ({ item }))
    expect([first.rows.length, second.rows.length, second.nextPageToken]).toEqual([30, 15, undefined])
  })

  it('refuse a token of other filters, or of nobody', async () => {
    const { nextPageToken } = await paged(asking(), read, (item): Row => ({ item }))
    const other = { filters: 'xyz', pageToken: nextPageToken } as Call // as above
    await expect(paged(other, read, (item): Row => ({ item }))).rejects.toThrow('belongs to other filters')
    for (const token of [
      'nonsense',
      Buffer.from('[1]').toString('base64url'),
      Buffer.from(JSON.stringify([filters, 1e9, 0, null, null])).toString('base64url')
    ]) {
      await expect(paged(asking(token), read, (item): Row => ({ item }))).rejects.toThrow('none of ours')
    }
  })

  it('have tokens that belong to tool and filters, not to page size and fields', async () => {
    const { allTools } = await import('./tools/all.ts')
    const [tasks, workers] = [
      allTools.find(({ name }) => name === 'manage_tasks'),
      allTools.find(({ name }) => name === 'manage_workers')
    ]
    if (!tasks || !workers) throw new Error('two tools of the sixteen')
    const of = (tool: typeof tasks, given: object) => match(tool, { action: 'list', ...given }).filters
    expect(of(tasks, { pageSize: 5, fields: ['*'] })).toBe(of(tasks, {}))
    expect(new Set([of(tasks, {}), of(workers, {}), of(tasks, { taskQueueSid: 'Support' })]).size).toBe(3)
  })
})

describe('small things that errors and updates rest on', () => {
  it('finds near names, nearest first', () => {
    const names = ['Support', 'Billing', 'Sport', 'Returns'].map((text) => ({ text }))
    expect(near('suport', names).map(({ text }) => text)).toEqual(['Support', 'Sport'])
    expect(near('zzzz', names)).toEqual([])
  })

  it('leaves out of an advice what names a tool that is not listed', () => {
    const body = {
      code: 'bad_value' as const,
      message: 'no',
      next: 'explain_routing tells why; make a worker available with manage_workers'
    }
    const [all, few] = [() => true, (tool: string) => tool !== 'explain_routing'].map(
      (lists) => JSON.parse(errorText([body], lists)).error.next
    )
    expect(all).toBe(body.next)
    expect(few).toBe('make a worker available with manage_workers')
    expect(JSON.parse(errorText([{ ...body, next: 'use manage_tasks' }], () => false)).error.next).not.toContain(
      'manage_tasks'
    )
  })
})
