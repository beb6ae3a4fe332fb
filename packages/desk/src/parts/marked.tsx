import type { ReactNode } from 'react'

/*
 * Markdown's few marks as elements. Nothing becomes HTML by being written: text is text, and a link leads only where one
 * may go.
 */

const marks = /(\*\*[^*\n]+\*\*|\*[^*\n]+\*|_[^_\n]+_|`[^`\n]+`|https?:\/\/[^\s<>"']+)/g

/** The text with its marks. */
export function marked(text: string): ReactNode {
  let place = 0
  return text.split(marks).map((part) => {
    const key = place++
    if (/^https?:\/\//.test(part)) return <Link key={key} url={part} />
    if (/^\*\*[^*]+\*\*$/.test(part)) return <strong key={key}>{part.slice(2, -2)}</strong>
    if (/^\*[^*]+\*$/.test(part) || /^_[^_]+_$/.test(part)) return <em key={key}>{part.slice(1, -1)}</em>
    if (/^`[^`]+`$/.test(part)) return <code key={key}>{part.slice(1, -1)}</code>
    return part
  })
}

function Link({ url }: { readonly url: string }) {
  const [, address = url, rest = ''] = /^(.*?)([.,;:!?)]*)$/.exec(url) ?? []
  if (!URL.canParse(address)) return url
  return (
    <>
      <a href={address} target="_blank" rel="noopener noreferrer nofollow">
        {address}
      </a>
      {rest}
    </>
  )
}
