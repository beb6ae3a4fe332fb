import { describe, expect, it } from 'vitest'
import { beginBounded } from './memory.ts'

const node = '/usr/bin/node'
const plain = {
  argv: [node, '/bin/ringdown', 'mcp', '--data', 'a folder'],
  connected: false,
  env: { TZ: 'UTC' } as NodeJS.ProcessEnv,
  execArgv: ['--enable-source-maps'],
  execPath: node,
  platform: 'linux' as NodeJS.Platform
}

/** What a process is replaced by; undefined when it stays. */
function replacedBy(runtime: Partial<typeof plain>): { args: readonly string[]; env: NodeJS.ProcessEnv } | undefined {
  let replaced: ReturnType<typeof replacedBy>
  const execve = (_file: string, args: readonly string[], env: NodeJS.ProcessEnv) => {
    replaced = { args, env }
    throw new Error('a test goes on')
  }
  beginBounded({ ...plain, ...runtime, execve })
  return replaced
}

describe('the command begins anew with bounded memory', () => {
  it('as the same process, with all that it was given', () => {
    expect(replacedBy({})).toEqual({
      args: [
        node,
        '--enable-source-maps',
        '--max-semi-space-size=16',
        '--no-parallel-scavenge',
        ...plain.argv.slice(1)
      ],
      env: { TZ: 'UTC', MALLOC_ARENA_MAX: '2' }
    })
    expect(replacedBy({ env: { MALLOC_ARENA_MAX: '4' } })?.env).toEqual({ MALLOC_ARENA_MAX: '4' })
  })

  it.each([
    ['has been told how large it shall be', { execArgv: ['--max-semi-space-size=32'] }],
    ['has been told so by its environment', { env: { NODE_OPTIONS: '--max-semi-space-size=32' } }],
    ['was forked and would lose its channel', { connected: true }],
    ['runs where there is no such call', { platform: 'win32' as const }]
  ])('but not one that %s', (_why, runtime) => {
    expect(replacedBy(runtime)).toBeUndefined()
  })

  it('and goes on as it is where Node cannot', () => {
    expect(() => beginBounded(plain)).not.toThrow()
  })
})
