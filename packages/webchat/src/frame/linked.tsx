import type { ComponentChildren } from 'preact'

/** Text whose addresses lead there: nothing else of it is more than text. */
export function linked(text: string): ComponentChildren {
  let place = 0
  return text.split(/(https?:\/\/[^\s<>"']+)/g).map((part) => {
    const key = place++
    const [, address = '', rest = ''] = /^(https?:\/\/.*?)([.,;:!?)]*)$/.exec(part) ?? []
    if (address === '' || !URL.canParse(address)) return part
    return (
      <span key={key}>
        <a href={address} target="_blank" rel="noopener noreferrer nofollow">
          {address}
        </a>
        {rest}
      </span>
    )
  })
}
