import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operation } from '@ringdown/contract/operation'
import { permissionsOf } from '@ringdown/contract/permissions'
import { joinedApi } from './generate-api.ts'
import { type ApiFile, operationsOf } from './generate-operations.ts'
import { joinedSource, permissionsSource, productSource } from './generate-source.ts'

/**
 * `npm run generate`: writes packages/contract/src/generated from Twilio's OpenAPI files, which the npm package
 * `@twilio/cli-core` carries under MIT, and from our own in packages/contract/openapi: names, types, enums, patterns, bounds and nesting; no descriptions or examples.
 * Our own API is described in parts, one for each product; they are put together in one file for users of other languages.
 * With `--check` it writes nothing and exits 1 when a committed file is stale. Run it from the root of the checkout.
 */

const source = { name: '@twilio/cli-core', version: '8.3.2' }
/** Twilio's, then ours. */
const apis = [
  'taskrouter_v1',
  'conversations_v1',
  'flex_v1',
  'flex_v2',
  'studio_v2',
  'events_v1',
  'api_v2010',
  'messaging_v1',
  'content_v1',
  'iam_v1',
  'monitor_v1'
]
/** Of APIs that are here in part: those resources that are. */
const parts: Readonly<Record<string, readonly string[]>> = {
  api_v2010: [
    'account',
    'key',
    'new_key',
    'signing_key',
    'new_signing_key',
    'message',
    'media',
    'message_feedback',
    'incoming_phone_number',
    'incoming_phone_number_local',
    'incoming_phone_number_mobile',
    'incoming_phone_number_toll_free',
    'application',
    'call',
    'call_recording',
    'call_event',
    'payments',
    'siprec',
    'stream',
    'realtime_transcription',
    'user_defined_message',
    'user_defined_message_subscription',
    'queue',
    'member',
    'conference',
    'participant',
    'conference_recording',
    'recording',
    'recording_transcription',
    'token'
  ],
  messaging_v1: ['service', 'phone_number', 'short_code', 'alpha_sender', 'channel_sender', 'destination_alpha_sender'],
  content_v1: ['content', 'approval_create', 'approval_fetch', 'content_and_approvals'],
  iam_v1: ['get_keys', 'key', 'new_key'],
  monitor_v1: ['alert']
}
/** APIs of Twilio's that have no file: all of them is laid over. */
const withoutFile = ['mcs_v1']
const ours = ['ringdown_v1']
const ownFolder = join('packages', 'contract', 'openapi')
const generatedFolder = join('packages', 'contract', 'src', 'generated')

function main(): void {
  const files = generatedFiles(openApiFolder())
  const stale = stalePaths(files)
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`stale: ${path}`)
    if (stale.length > 0) process.exitCode = 1
    return
  }
  mkdirSync(generatedFolder, { recursive: true })
  for (const path of stale) {
    const text = files.get(path)
    if (text === undefined) rmSync(path)
    else writeFileSync(path, text)
    console.log(`${text === undefined ? 'removed' : 'wrote'} ${path}`)
  }
}

/** Path to text, in the order of the lists. */
function generatedFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  const all: { api: string; operations: Operation[] }[] = []
  const add = (api: string, file: ApiFile, origin: string) => {
    const operations = operationsOf(api, file, parts[api])
    all.push({ api, operations })
    files.set(join(generatedFolder, `${fileName(api)}.ts`), productSource(api, operations, origin))
  }
  for (const api of apis) {
    const name = `twilio_${api}.json`
    // as: what the generator relies on is checked where it is read
    const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as ApiFile
    add(api, file, `${source.name} ${source.version} (${name}) and overlay.ts`)
  }
  for (const api of withoutFile)
    add(api, { servers: [], paths: {}, components: { schemas: {} } }, 'overlay-operations.ts')
  for (const api of ours) {
    const text = joinedApi(partsIn(join(ownFolder, api)))
    files.set(join(ownFolder, `${api}.json`), text)
    add(api, JSON.parse(text) as ApiFile, `openapi/${api}.json`) // as above
  }
  const joined = joinedSource(all.map(({ api }) => ({ api, file: fileName(api) })))
  const permissions = permissionsSource(permissionsOf(all.flatMap(({ operations }) => operations)))
  return files
    .set(join(generatedFolder, 'operations.ts'), joined)
    .set(join(generatedFolder, 'permissions.ts'), permissions)
}

/** The texts of a folder's files, by their names in order. */
function partsIn(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')])
  )
}

/** What is there and should not be so, or should be there and is not. */
function stalePaths(files: Map<string, string>): string[] {
  const present = existsSync(generatedFolder)
    ? readdirSync(generatedFolder).map((name) => join(generatedFolder, name))
    : []
  return [...new Set([...files.keys(), ...present])].filter(
    (path) => !files.has(path) || !existsSync(path) || readFileSync(path, 'utf8') !== files.get(path)
  )
}

/** Where the OpenAPI files are; fetched once per version with npm, so that the user's registry settings apply. */
function openApiFolder(): string {
  const cache = join('node_modules', '.cache', 'ringdown', `twilio-cli-core-${source.version}`)
  const inside = join('package', 'src', 'services', 'twilio-api')
  const folder = join(cache, 'twilio-api')
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  execFileSync('npm', ['pack', `${source.name}@${source.version}`, '--pack-destination', cache, '--silent'], {
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const archive = readdirSync(cache).find((name) => name.endsWith('.tgz'))
  if (archive === undefined) throw new Error(`npm pack left no archive of ${source.name}@${source.version} in ${cache}`)
  execFileSync('tar', ['-xzf', archive, 'package/src/services/twilio-api'], { cwd: cache })
  // In place only when complete, so that an interrupted run is not taken for a finished one.
  renameSync(join(cache, inside), folder)
  return folder
}

function fileName(api: string): string {
  return api.replaceAll('_', '-')
}

main()
