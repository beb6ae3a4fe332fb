import { describe, expect, it } from 'vitest'
import { Paths } from './paths.ts'

const paths = new Paths<string>()
for (const [template, method] of [
  ['/v1/Workspaces', 'GET'],
  ['/v1/Workspaces', 'POST'],
  ['/v1/Workspaces/{Sid}', 'GET'],
  ['/v1/Workspaces/{WorkspaceSid}/Workers/Statistics', 'GET'],
  ['/v1/Workspaces/{WorkspaceSid}/Workers/{Sid}', 'POST'],
  ['/v1/Workspaces/{WorkspaceSid}/Workers/{WorkerSid}/Channels/{Sid}', 'GET'],
  ['/v1/Workspaces/{WorkspaceSid}/Workers/Statistics/Old', 'GET']
] as const)
  paths.add(template, method, `${method} ${template}`)

describe('a path', () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    ['a list', '/v1/Workspaces', {}],
    ['a slash at the end', '/v1/Workspaces/', {}],
    ['a parameter', '/v1/Workspaces/WS1', { Sid: 'WS1' }],
    [
      'what is spelled out before what is a parameter',
      '/v1/Workspaces/WS1/Workers/Statistics',
      { WorkspaceSid: 'WS1' }
    ],
    ['a parameter beside it', '/v1/Workspaces/WS1/Workers/WK1', { WorkspaceSid: 'WS1', Sid: 'WK1' }],
    [
      'a parameter that is spelled like another path',
      '/v1/Workspaces/WS1/Workers/Statistics/Channels/WC1',
      { WorkspaceSid: 'WS1', WorkerSid: 'Statistics', Sid: 'WC1' }
    ],
    ['percent-encoding', '/v1/Work%73paces/a%20b%2Fc', { Sid: 'a b/c' }],
    ['another case', '/v1/workspaces', undefined],
    ['nothing between two slashes', '/v1/Workspaces//Workers/WK1', undefined],
    ['the beginning of a path', '/v1', undefined],
    ['more than a path', '/v1/Workspaces/WS1/Tasks', undefined]
  ])('with %s: %s', (_what, path, params) => {
    const method = path.includes('WK1') ? 'POST' : 'GET'
    expect(paths.find(path, method)?.params).toEqual(params)
  })

  it('leads elsewhere by its method, or nowhere', () => {
    expect(paths.find('/v1/Workspaces', 'POST')?.value).toBe('POST /v1/Workspaces')
    expect(paths.find('/v1/Workspaces', 'DELETE')).toEqual({ value: undefined, params: {} })
  })

  it('with malformed percent-encoding is none', () => {
    expect(() => paths.find('/v1/Workspaces/%E0%A4', 'GET')).toThrow(URIError)
  })
})
