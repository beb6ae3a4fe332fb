import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crmOrigins, hasDesk, mountDesk } from './pages.ts'

let folder: string
let app: FastifyInstance
let frames: readonly string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ringdown-pages-'))
  expect(hasDesk(folder)).toBe(false)
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<title>Desk</title>')
  writeFileSync(join(folder, 'assets', 'index-abc.js'), 'run()')
  writeFileSync(join(folder, 'assets', 'index-abc.js.br'), brotliCompressSync('run()'))
  app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  mountDesk(app, { folder, frames: () => frames })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  rmSync(folder, { recursive: true })
})

const ask = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })

describe('the pages of the desk', () => {
  it('are one page at every place within the desk', async () => {
    expect((await ask('/desk')).headers.location).toBe('/desk/')
    for (const url of ['/desk/', '/desk/queues', '/desk/tasks/WT1?why=WT2', '/desk/index.html']) {
      const { statusCode, body, headers } = await ask(url)
      expect({ url, statusCode, body }).toEqual({ url, statusCode: 200, body: '<title>Desk</title>' })
      expect(headers['cache-control']).toBe('no-cache')
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    }
  })

  it('bring files that never change, compressed for who takes that', async () => {
    const packed = await ask('/desk/assets/index-abc.js', { 'accept-encoding': 'gzip, br' })
    expect(packed.headers).toMatchObject({
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'Accept-Encoding'
    })
    const plain = await ask('/desk/assets/index-abc.js')
    expect(plain.body).toBe('run()')
    expect(plain.headers['content-encoding']).toBeUndefined()
  })

  it.each(['/desk/assets/index-old.js', '/desk/assets/..%2f..%2fsecret.key', '/desk/assets/index-abc.js.br'])(
    'have nothing at %s',
    async (url) => {
      expect((await ask(url)).statusCode).not.toBe(200)
    }
  )

  it('frame the CRM that is configured, and nobody else', async () => {
    frames = crmOrigins({
      crm_callback_url: 'https://crm.example.com/{{task.id}}',
      ui_attributes:
        '{"custom_data":{"features":{"enhanced_crm_container":{"enabled":true,"url":"https://other.example.com/x"}}}}',
      crm_fallback_url: 'javascript:alert(1)'
    })
    expect(frames).toEqual(['https://crm.example.com', 'https://other.example.com'])
    const { headers } = await ask('/desk/')
    expect(headers['content-security-policy']).toContain(
      "frame-src 'self' blob: https://crm.example.com https://other.example.com;"
    )
  })
})
