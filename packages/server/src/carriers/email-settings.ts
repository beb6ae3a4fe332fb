import type { CarrierContext } from './carrier.ts'
import { CarrierSettings } from './settings.ts'

/** How a server of mail is reached: TLS from the beginning, TLS after a word, or none. */
const securities = ['tls', 'starttls', 'none'] as const

export interface MailServer {
  readonly host: string
  readonly port: number
  readonly security: (typeof securities)[number]
  readonly user: string | undefined
  /** One of the two, where there is a user. */
  readonly password: string | undefined
  readonly access_token: string | undefined
}

export interface EmailSettings {
  readonly smtp: MailServer
  /** Undefined for a carrier that only sends. */
  readonly imap: (MailServer & { readonly mailbox: string; readonly poll_ms: number }) | undefined
  /** Letters that are longer are read without their files. */
  readonly max_bytes: number
}

type Configured = Pick<CarrierContext, 'secrets'> & { readonly carrier: { readonly configuration: string } | undefined }

/** What an e-mail carrier is configured to. Throws a sentence about what is wrong. */
export function emailSettings({ carrier, secrets }: Configured): EmailSettings {
  if (!carrier) throw new Error('invariant: e-mail has a carrier')
  const settings = new CarrierSettings(carrier)
  const user = settings.text('username')
  const credentials = (name: 'smtp' | 'imap') => ({
    user: settings.text(`${name}_username`) ?? user,
    password: secrets[`${name}_password`] ?? secrets.password,
    access_token: secrets.access_token
  })
  const smtpSecurity = settings.oneOf('smtp_security', securities, 'starttls')
  const imapSecurity = settings.oneOf('imap_security', securities, 'tls')
  const imap = settings.text('imap_host')
  return {
    smtp: {
      host: settings.needed('smtp_host'),
      port: settings.number('smtp_port', { usual: smtpSecurity === 'tls' ? 465 : 587, min: 1, max: 65_535 }),
      security: smtpSecurity,
      ...credentials('smtp')
    },
    imap:
      imap === undefined
        ? undefined
        : {
            host: imap,
            port: settings.number('imap_port', { usual: imapSecurity === 'tls' ? 993 : 143, min: 1, max: 65_535 }),
            security: imapSecurity,
            mailbox: settings.text('mailbox') ?? 'INBOX',
            poll_ms: settings.number('poll_s', { usual: 60, min: 1, max: 3600 }) * 1000,
            ...credentials('imap')
          },
    max_bytes: settings.number('max_bytes', { usual: 30_000_000, min: 10_000, max: 100_000_000 })
  }
}
