/** Emoji that people use at work, each with its names in English and French. */
const table = `
😀 grinning smile|sourire
😊 happy blush|content
😉 wink|clin
😂 joy laugh|rire
🙂 slight smile|léger sourire
😍 love eyes|amoureux
🤔 thinking|pensif
😕 confused|confus
😢 sad cry|triste
😅 sweat relief|soulagé
😮 surprised|surpris
😴 tired sleep|fatigué
🙏 thanks please pray|merci
👍 thumbs up yes ok|pouce oui
👎 thumbs down no|pouce non
👋 hello wave bye|bonjour salut
👏 applause bravo|bravo
💪 strong|fort
🤝 handshake deal|accord
👌 perfect|parfait
❤️ heart love|cœur
🎉 party congratulations|fête félicitations
🎁 gift present|cadeau
🎂 birthday cake|anniversaire
⭐ star|étoile
✅ done check|fait coché
❌ cross no|croix non
⚠️ warning|attention
❗ important exclamation|important
❓ question|question
💡 idea light|idée lumière
🔥 fire hot|feu
📦 parcel package|colis
🚚 delivery truck|livraison camion
🛒 cart order|panier commande
💳 card payment|carte paiement
💶 money euro|argent
🧾 receipt invoice|reçu facture
📞 phone call|téléphone appel
📧 mail email|courriel
📎 attachment clip|pièce jointe
📷 camera picture|photo
📅 date calendar|date calendrier
⏰ clock time|heure réveil
⏳ wait hourglass|attente sablier
🏠 home house|maison
🔧 repair tool|réparation outil
🔒 lock secure|verrou
🔗 link|lien
🌍 world earth|monde
☀️ sun|soleil
☕ coffee|café
🚀 rocket soon|fusée bientôt
🐛 bug|bogue
`

export interface Emoji {
  readonly sign: string
  /** All of its names, to be searched. */
  readonly names: string
}

export const emoji: readonly Emoji[] = table
  .trim()
  .split('\n')
  .map((line) => {
    const [sign = '', ...names] = line.split(' ')
    return { sign, names: names.join(' ') }
  })

/** How it is called in a language: the first name there. */
export function emojiName({ names }: Emoji, lang: string): string {
  const [english = '', french = ''] = names.split('|')
  return lang === 'fr' ? french : english
}
