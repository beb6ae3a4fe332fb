import { Download, FileText, Maximize2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import { fileOf } from '../api/api.ts'
import { useConfiguration } from '../live/desk.ts'
import { isFeatureOn } from '../live/features.ts'
import type { ShownMedia } from '../live/rows.ts'
import { late } from '../parts/late.tsx'
import { useWords } from '../words/words.ts'

const Lightbox = late(async () => (await import('./lightbox.tsx')).Lightbox)

/** What is shown in its place; the box is there before, so nothing moves when it comes. */
const shownTypes = /^(?:image\/(?:png|jpeg|gif|webp)|audio\/|video\/|application\/pdf$)/

/** Pictures, sound and film are shown; everything else is only saved. The server says what a file is, by its bytes. */
export function Media({ media, service_sid }: { readonly media: ShownMedia; readonly service_sid: string }) {
  const words = useWords()
  const { sid, content_type, filename, size } = media
  const name = filename ?? words.canvas.file
  const { data: configuration } = useConfiguration()
  const [isLarge, setLarge] = useState(false)
  const isShown = shownTypes.test(content_type) && isFeatureOn(configuration, 'inline_media')
  const url = useFile(service_sid, sid, isShown)
  const save = async () => {
    const blob = URL.createObjectURL(await fileOf(service_sid, sid))
    const link = Object.assign(document.createElement('a'), { href: blob, download: name })
    link.click()
    setTimeout(() => URL.revokeObjectURL(blob), 10_000)
  }
  if (isShown && content_type.startsWith('image/'))
    return (
      <>
        <div className="picture">
          {url && <img src={url} alt={words.canvas.image(name)} />}
          <button
            type="button"
            className="icon-button enlarge"
            aria-label={words.canvas.enlarge(name)}
            onClick={() => setLarge(true)}
          >
            <Maximize2 size={15} />
          </button>
        </div>
        {isLarge && url && <Lightbox {...{ url, name, onSave: save }} onClose={() => setLarge(false)} />}
      </>
    )
  // biome-ignore lint/a11y/useMediaCaption: what customers send has none
  if (isShown && content_type.startsWith('audio/')) return url ? <audio controls src={url} aria-label={name} /> : null
  // biome-ignore lint/a11y/useMediaCaption: what customers send has none
  if (isShown && content_type.startsWith('video/')) return url ? <video controls src={url} aria-label={name} /> : null
  return (
    <>
      {isShown && content_type === 'application/pdf' && (
        <div className="document">{url && <iframe src={url} title={name} />}</div>
      )}
      <FileCard {...{ name, size, onSave: save }} />
    </>
  )
}

interface FileCardProps {
  readonly name: string
  readonly size: number
  readonly onSave: () => Promise<void>
}

function FileCard({ name, size, onSave }: FileCardProps) {
  const words = useWords()
  return (
    <div className="file-card">
      <FileText size={18} aria-hidden />
      <span className="file-name">{name}</span>
      <span className="age">{sizeText(size, words.lang)}</span>
      <button type="button" className="icon-button small" aria-label={words.canvas.download(name)} onClick={onSave}>
        <Download size={15} />
      </button>
    </div>
  )
}

/** A file's bytes as an address of this page: an <img> cannot bring a token. */
function useFile(service_sid: string, sid: string, isWanted: boolean): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!isWanted) return
    let made: string | undefined
    let isGone = false
    fileOf(service_sid, sid).then(
      (blob) => {
        if (isGone) return
        made = URL.createObjectURL(blob)
        setUrl(made)
      },
      () => {}
    )
    return () => {
      isGone = true
      if (made) URL.revokeObjectURL(made)
    }
  }, [service_sid, sid, isWanted])
  return url
}

/** `1.4 MB`. */
export function sizeText(bytes: number, lang: string): string {
  const isLarge = bytes >= 1_000_000
  const format = new Intl.NumberFormat(lang, {
    style: 'unit',
    unit: isLarge ? 'megabyte' : 'kilobyte',
    maximumFractionDigits: isLarge ? 1 : 0
  })
  return format.format(isLarge ? bytes / 1_000_000 : Math.max(1, bytes / 1000))
}
