interface LoaderWords {
  readonly chat: string
  readonly close: string
  readonly unread: (count: number) => string
}

const catalogues: Readonly<Record<string, LoaderWords>> = {
  en: { chat: 'Chat with us', close: 'Close the chat', unread: (count) => `${count} unread` },
  fr: { chat: 'Discuter avec nous', close: 'Fermer la discussion', unread: (count) => `${count} non lus` }
}

/** Of the launcher alone: everything else is said in the frame. */
export function wordsFor(locale: string | undefined): LoaderWords {
  const [language = 'en'] = (locale || document.documentElement.lang || navigator.language).toLowerCase().split('-')
  return catalogues[language] ?? (catalogues.en as LoaderWords) // it is there
}
