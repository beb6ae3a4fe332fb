import { agent, chat, nameOf } from './chat.ts'
import { known } from './deployment.ts'
import { postToPage } from './host.ts'
import { Icon } from './icons.tsx'
import { Menu } from './menu.tsx'
import { ownText, words } from './words.ts'

/** Who one writes to: the brand, then whoever has joined. */
export function Header() {
  const said = words.value
  const someone = chat.value?.phase === 'open' ? agent.value : undefined
  const name = someone ? nameOf(someone.identity) : ''
  const title = ownText('title') ?? said.title
  const isAway = known.value?.is_open === false
  const line = isAway ? said.awayNow : (ownText('intro') ?? said.intro)
  return (
    <header>
      <Face name={name} />
      <div class="who">
        <h1 tabIndex={-1}>{name || title}</h1>
        <p>{name ? title : line}</p>
      </div>
      <Menu />
      <button type="button" class="plain" aria-label={said.close} onClick={() => postToPage({ type: 'close' })}>
        <Icon name="close" />
      </button>
    </header>
  )
}

function Face({ name }: { readonly name: string }) {
  const { logo } = known.value?.theme ?? {}
  if (!name && typeof logo === 'string' && logo.startsWith('https://'))
    return <img class="face" src={logo} alt="" referrerpolicy="no-referrer" />
  return (
    <span class="face" aria-hidden="true">
      {name ? [...name][0]?.toUpperCase() : <Icon name="chat" />}
    </span>
  )
}
