import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Subject } from './answer.ts'
import { notFound } from './errors.ts'

export interface DeskPages {
  /** The folder that a build of the desk has left: `index.html`, and `assets` with a hash in each name. */
  readonly folder: string
  /** Origins of pages that the desk may frame: the CRM's, as the configuration has it now. */
  readonly frames: () => readonly string[]
}

/** A file of a build. */
export interface Page {
  readonly path: string
  readonly type: string
  readonly size: number
  /** Size of the same compressed, in the file beside it; undefined where there is none. */
  readonly packed: number | undefined
}

const subject: Subject = { id: 'desk', product: undefined }

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json'
}

/**
 * The desk at `/desk/`. What has a hash in its name never changes, and is kept for a year; every other address below is a
 * place within the desk, and answers its one page. Nobody is asked who they are: there is nothing in these files.
 */
export function mountDesk(app: FastifyInstance, { folder, frames }: DeskPages): void {
  const files = pagesIn(folder)
  const shell = files.get('index.html')
  if (!shell) throw new Error(`${folder} has no index.html`)
  const html = readFileSync(shell.path)
  app.register(async (scope) => {
    scope.route({
      method: ['GET', 'HEAD'],
      url: '/desk',
      exposeHeadRoute: false,
      config: { subject },
      handler: (request, reply) => {
        // The router takes a slash at the end for the same address.
        const [path = ''] = request.originalUrl.split('?', 1)
        return path.endsWith('/') ? sendShell(reply, html, frames()) : reply.redirect('/desk/', 302)
      }
    })
    scope.route({
      method: ['GET', 'HEAD'],
      url: '/desk/*',
      exposeHeadRoute: false,
      config: { subject },
      handler: (request, reply) => {
        const name = (request.params as { '*': string })['*'] // as: the route's own parameter
        const file = files.get(name)
        if (file && file !== shell) return sendPage(request, reply, file, forYears)
        if (name.startsWith('assets/')) throw notFound(`/desk/${name}`)
        return sendShell(reply, html, frames())
      }
    })
  })
}

/** Whether a build of the desk is in a folder. */
export function hasDesk(folder: string): boolean {
  return existsSync(join(folder, 'index.html'))
}

/** Of what has a hash in its name. */
export const forYears = 'public, max-age=31536000, immutable'

function sendShell(reply: FastifyReply, html: Buffer, frames: readonly string[]): FastifyReply {
  reply.headers(headersOfPage(frames)).type('text/html; charset=utf-8')
  keepFor(reply, { 'Cache-Control': 'no-cache' })
  return reply.send(html)
}

/** Sends a file, compressed for who takes that, and says for how long it may be kept. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, file: Page, kept: string): FastifyReply {
  const { path, packed } = file
  const isPacked = packed !== undefined && /\bbr\b/.test(request.headers['accept-encoding'] ?? '')
  reply
    .type(file.type)
    .header('Vary', 'Accept-Encoding')
    .header('Content-Length', isPacked ? packed : file.size)
  reply.header('Content-Security-Policy', "default-src 'none'")
  if (isPacked) reply.header('Content-Encoding', 'br')
  keepFor(reply, { 'Cache-Control': kept })
  if (request.method === 'HEAD') return reply.send('')
  return reply.send(createReadStream(isPacked ? `${path}.br` : path))
}

/** Origins of the CRM's pages that a configuration names: addresses may have places for values, an origin has none. */
export function crmOrigins(configuration: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const { crm_callback_url, crm_fallback_url, ui_attributes } = configuration ?? {}
  const text = typeof ui_attributes === 'string' ? ui_attributes : JSON.stringify(ui_attributes ?? null)
  const [, enhanced] = /"enhanced_crm_container"\s*:\s*\{[^{}]*?"url"\s*:\s*"([^"]+)"/.exec(text) ?? []
  const origins = [crm_callback_url, crm_fallback_url, enhanced].flatMap((url) => {
    const [, origin = ''] = typeof url === 'string' ? (/^(https?:\/\/[\w.:-]+)/i.exec(url) ?? []) : []
    return URL.canParse(origin) ? [new URL(origin).origin] : []
  })
  return [...new Set(origins)]
}

/** What every other answer has says that nobody keeps it; these may be kept. */
export function keepFor(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value)
  reply.kept = true
}

declare module 'fastify' {
  interface FastifyReply {
    /** Whether it has said itself how long it may be kept. */
    kept?: boolean
  }
}

/** A desk loads nothing from elsewhere, and nobody frames it. */
function headersOfPage(frames: readonly string[]): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'self'",
      "img-src 'self' blob: data:",
      "media-src 'self' blob:",
      "style-src 'self'",
      "connect-src 'self'",
      ['frame-src', "'self'", 'blob:', ...frames].join(' '),
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "object-src 'none'"
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), microphone=(self), geolocation=()',
    'Cross-Origin-Opener-Policy': 'same-origin'
  }
}

/** Every file of the folder, by its path in it. */
export function pagesIn(folder: string): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>()
  const walk = (place: string): void => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (!entry.name.endsWith('.br')) {
        const packed = existsSync(`${path}.br`) ? statSync(`${path}.br`).size : undefined
        const type = types[extname(entry.name)] ?? 'application/octet-stream'
        pages.set(relative(folder, path).replaceAll('\\', '/'), { path, type, size: statSync(path).size, packed })
      }
    }
  }
  walk(folder)
  return pages
}
