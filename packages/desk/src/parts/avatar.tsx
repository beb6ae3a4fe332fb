import { Globe, type LucideIcon, Mail, MessageCircle, MessageSquare, Phone, SquareCheck } from 'lucide-react'

const channelIcons: Readonly<Record<string, LucideIcon>> = {
  sms: MessageSquare,
  whatsapp: MessageCircle,
  messenger: MessageCircle,
  web: Globe,
  chat: Globe,
  email: Mail,
  voice: Phone
}

export function ChannelIcon({ channel, size = 14 }: { readonly channel: string; readonly size?: number }) {
  const Icon = channelIcons[channel] ?? SquareCheck
  return <Icon size={size} aria-hidden />
}

interface AvatarProps {
  readonly name: string
  readonly size?: number
  readonly channel?: string
}

/** Initials on a tint that is the name's own; the channel stands at its corner. */
export function Avatar({ name, size = 32, channel }: AvatarProps) {
  return (
    <span className={`avatar tint-${tintOf(name)} size-${size}`} aria-hidden>
      {initials(name)}
      {channel !== undefined && (
        <span className="avatar-channel">
          <ChannelIcon channel={channel} size={11} />
        </span>
      )}
    </span>
  )
}

function initials(name: string): string {
  if (/^\+?[\d\s-]+$/.test(name)) return name.slice(-2)
  const parts = name.split(/[\s._-]+/).filter((part) => part !== '')
  const letters = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]]
  return (
    letters
      .map((part) => [...(part ?? '')][0] ?? '')
      .join('')
      .toUpperCase() || '?'
  )
}

function tintOf(name: string): number {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997
  return sum % 6
}

/** Colour and shape: filled dot, filled square, ring. */
export function StatusDot({ kind }: { readonly kind: 'available' | 'busy' | 'offline' }) {
  return <span className={`status-dot ${kind}`} aria-hidden />
}
