import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { RequestTimes } from './request-times.ts'

it('tells how many requests took how long, by operation and status', async () => {
  const registry = new Registry()
  const times = new RequestTimes([0.01, 0.5])
  registry.registerMetric(times)
  times.ended('taskrouter_v1.FetchTask', 200, 0.01)
  times.ended('taskrouter_v1.FetchTask', 200, 0.25)
  times.ended('taskrouter_v1.FetchTask', 404, 3)

  const series = (await registry.metrics()).split('\n').filter((line) => line.startsWith('ringdown_'))
  const labels = (status: number) => `operation="taskrouter_v1.FetchTask",status="${status}"`
  expect(series).toEqual([
    `ringdown_http_request_seconds_bucket{le="0.01",${labels(200)}} 1`,
    `ringdown_http_request_seconds_bucket{le="0.5",${labels(200)}} 2`,
    `ringdown_http_request_seconds_bucket{le="+Inf",${labels(200)}} 2`,
    `ringdown_http_request_seconds_sum{${labels(200)}} 0.26`,
    `ringdown_http_request_seconds_count{${labels(200)}} 2`,
    `ringdown_http_request_seconds_bucket{le="0.01",${labels(404)}} 0`,
    `ringdown_http_request_seconds_bucket{le="0.5",${labels(404)}} 0`,
    `ringdown_http_request_seconds_bucket{le="+Inf",${labels(404)}} 1`,
    `ringdown_http_request_seconds_sum{${labels(404)}} 3`,
    `ringdown_http_request_seconds_count{${labels(404)}} 1`
  ])
  // The library's own `get`, which takes what the registry asks for, shows the same.
  const { values } = await times.get()
  expect(values.map(({ value }) => value)).toEqual([1, 2, 2, 0.26, 2, 0, 0, 1, 3, 1])
})
