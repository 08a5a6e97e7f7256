import { blocks } from './markdown.ts'
import type { Block } from './markdown.ts'

export const sessions: readonly Block[] = blocks.filter(({ language }) => language === 'sh')

/** What is typed, command by command, without comments. What they share, such as an alias, stands in front of each. */
export function commandsOf({ code }: Block): readonly { readonly command: string; readonly typed: string }[] {
  const lines = code.replaceAll(/<<'(\w+)'\n[^]*?^\1$/gm, (document) => document.replaceAll('\n', '\0')).split('\n')
  const kept = lines.map((line) => line.replaceAll('\0', '\n')).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const aliases = kept.filter((line) => line.startsWith('alias '))
  return kept
    .filter((line) => !aliases.includes(line))
    .map((line) => ({ command: line.replace(/ +# .*$/, ''), typed: [...aliases, line].join('\n') }))
}
