import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WebchatDeploymentRow } from '@ringdown/engine/webchat/rows'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Webchats } from '../access/webchats.ts'
import type { Subject } from './answer.ts'
import { queryText } from './endpoint.ts'
import { HttpRefusal, notFound } from './errors.ts'
import { forYears, keepFor, type Page, pagesIn, sendPage } from './pages.ts'

export interface WebchatPages {
  /** The folder that a build of web chat has left: the loader, the frame, a made-up shop, and `assets` with hashes. */
  readonly folder: string
  readonly webchats: Webchats
  /** What everybody may know of a deployment. */
  readonly shown: (account_sid: string, deployment: WebchatDeploymentRow) => object
}

const subject: Subject = { id: 'webchat_pages', product: undefined }

/** Of what pages of customers name: a change is there within five minutes. */
const forMinutes = 'public, max-age=300'

/** Whether a build of web chat is in a folder. */
export function hasWebchat(folder: string): boolean {
  return existsSync(join(folder, 'frame.html'))
}

/**
 * Web chat at `/webchat/`: the loader (`v1.js`) and what it asks for, for pages of any origin; the frame, which pages of the
 * deployment's origins alone may show; and `demo`, a shop that is made up. Nobody is asked who they are: what is said of a
 * deployment is public, and everything else comes by the frame's own session.
 */
export function mountWebchatPages(app: FastifyInstance, { folder, webchats, shown }: WebchatPages): void {
  const files = pagesIn(folder)
  const fileOf = (name: string): Page => {
    const file = files.get(name)
    if (!file) throw notFound(`/webchat/${name}`)
    return file
  }
  const frame = readFileSync(fileOf('frame.html').path)
  const demo = readFileSync(fileOf('demo.html').path, 'utf8')
  const found = (key: string) => {
    const one = webchats.deployment(key)
    if (!one) throw new HttpRefusal(unknown)
    return one
  }
  const answers: Readonly<Record<string, (request: FastifyRequest, reply: FastifyReply) => FastifyReply>> = {
    '/webchat/v1.js': (request, reply) => sendPage(request, anywhere(reply), fileOf('v1.js'), forMinutes),
    '/webchat/v1/:name': (request, reply) => {
      const { name = '' } = request.params as { readonly name?: string } // as the URL names it
      const { holder, deployment } = found(/^(WD[0-9a-f]{32})\.js$/.exec(name)?.[1] ?? '')
      keepFor(anywhere(reply), { 'Cache-Control': forMinutes })
      // A script, since a page's policy has to name this origin for scripts and frames, and for nothing else.
      return reply
        .type('text/javascript; charset=utf-8')
        .send(`Ringdown._(${JSON.stringify(shown(holder.account_sid, deployment))})`)
    },
    '/webchat/assets/:name': (request, reply) => {
      const { name = '' } = request.params as { readonly name?: string } // as the URL names it
      return sendPage(request, anywhere(reply), fileOf(`assets/${name}`), forYears)
    },
    '/webchat/frame': (request, reply) => {
      const { deployment } = found(keyOf(request) ?? '')
      keepFor(reply, { 'Cache-Control': 'no-cache' })
      return reply.headers(headersOfFrame(deployment)).type('text/html; charset=utf-8').send(frame)
    },
    '/webchat/demo': (request, reply) => {
      const usable = webchats.deployments().filter(({ enabled }) => enabled)
      const key = keyOf(request) ?? (usable.length === 1 ? usable[0]?.sid : undefined)
      if (key === undefined) throw new HttpRefusal(noKey)
      const { deployment } = found(key)
      keepFor(reply, { 'Cache-Control': 'no-cache' })
      const tag = `<script async src="/webchat/v1.js" data-key="${deployment.sid}"></script>`
      return reply.headers(headersOfDemo).type('text/html; charset=utf-8').send(demo.replace('<!-- webchat -->', tag))
    }
  }
  app.register(async (scope) => {
    for (const [url, handler] of Object.entries(answers))
      scope.route({ method: ['GET', 'HEAD'], url, exposeHeadRoute: false, config: { subject }, handler })
  })
}

const unknown = { status: 404, code: 20404, message: 'There is no such deployment of web chat' }
const noKey = {
  status: 404,
  code: 20404,
  message: 'There is no deployment of web chat, or more than one: say which by ?key=WD…'
}

function keyOf(request: FastifyRequest): string | undefined {
  return new URLSearchParams(queryText(request)).get('key') || undefined
}

/** Pages of every origin load it, those that ask for isolation from others among them. */
function anywhere(reply: FastifyReply): FastifyReply {
  return reply.header('Cross-Origin-Resource-Policy', 'cross-origin').header('Access-Control-Allow-Origin', '*')
}

/** Nothing is loaded from elsewhere but a logo, and nobody shows it but the pages that the deployment names, and our own. */
function headersOfFrame({ allowed_origins, theme }: WebchatDeploymentRow): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      ['img-src', "'self'", 'blob:', ...logoOrigins(theme)].join(' '),
      "media-src 'self' blob:",
      ['frame-ancestors', "'self'", ...allowed_origins].join(' '),
      "base-uri 'none'",
      "form-action 'none'"
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()'
  }
}

/** The theme's text is an object, as was checked when it was written. */
function logoOrigins(theme: string): readonly string[] {
  const { logo }: { readonly logo?: unknown } = JSON.parse(theme)
  const isAddress = typeof logo === 'string' && logo.startsWith('https://') && URL.canParse(logo)
  return isAddress ? [new URL(logo).origin] : []
}

/** What a shop with a strict policy has to let in: this origin, for scripts and frames. */
const headersOfDemo = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer'
} as const
