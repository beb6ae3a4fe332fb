import { describe, expect, it } from 'vitest'
import { type McpArguments, mcpClients, parseArguments } from './arguments.ts'
import { configOf } from './mcp-config.ts'

const env = { RINGDOWN_ACCOUNT_SID: 'ACname', RINGDOWN_AUTH_TOKEN: 'token' }
const parsed = (...words: string[]) => parseArguments(['mcp', ...words], {}) as McpArguments // its first word says so

describe('what is pasted into a client', () => {
  it.each(mcpClients)('fits %s, over HTTP where it speaks that', (client) => {
    const text = configOf(client, parsed('--url', 'https://desk.example/', '--read-only'), env)
    if (client === 'claude') expect(JSON.parse(text).mcpServers['ringdown-read'].args).toContain('--read-only')
    else {
      expect(text).toContain('https://desk.example/mcp/read-only')
      expect(text).toContain(Buffer.from('ACname:token').toString('base64'))
    }
  })

  it('starts this program with the same options, and holds no secret', () => {
    const words = ['--tools', 'seed', '--confirm', 'destructive', '--redact', '--data', 'center']
    const { mcpServers } = JSON.parse(configOf('cursor', parsed(...words), env))
    const { command, args } = mcpServers.ringdown
    expect(command).toBe(process.execPath)
    expect(args.slice(1)).toEqual([
      'mcp',
      '--data',
      expect.stringMatching(/center$/),
      '--tools',
      'seed',
      '--confirm',
      'destructive',
      '--redact'
    ])
    expect(JSON.stringify(mcpServers)).not.toContain('token')
    const vscode = JSON.parse(configOf('vscode', parsed('--backend', 'twilio'), env))
    expect(vscode.servers.ringdown).toMatchObject({ type: 'stdio', env: { TWILIO_API_KEY: 'SK…' } })
  })

  it('is printed for clients that there are', () => {
    expect(() => parsed('--print-config', 'notepad')).toThrow(/print-config/)
    expect(() => parsed('--confirm', 'maybe')).toThrow(/confirm/)
  })
})
