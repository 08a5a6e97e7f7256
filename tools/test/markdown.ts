import { COMMANDS } from './commands.ts'
import { files, read } from './workspace.ts'

/** A fenced block of a page. */
export interface Block {
  /** `page:line`, as a terminal can open it. */
  readonly at: string
  readonly page: string
  /** What stands behind the fence. */
  readonly language: string
  readonly code: string
  /** The `output` block that follows it: what it prints. */
  readonly output?: string
}

export const pages: readonly string[] = files('**/*.md')

export const blocks: readonly Block[] = pages.flatMap(blocksOf)

export const programs: readonly Block[] = blocks.filter(({ language }) => language === 'ts')

/** By path, the text of each program in `examples`, without those that are tests. */
export const examples: ReadonlyMap<string, string> = new Map(
  files('examples/**/*.ts')
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => [path, read(path)]),
)

/** Of an example that a page shows: its path. */
export function exampleOf({ code }: Block): string | undefined {
  for (const [path, text] of examples) if (text === code) return path
  return undefined
}

/** Whether it is an example that a test of `examples` starts, or a command of a page: then it need not end by itself. */
export function hasTestOfItsOwn(block: Block): boolean {
  const example = exampleOf(block)
  return example !== undefined && (TESTS.includes(`'${example}'`) || COMMANDS.some(({ command }) => command.includes(example)))
}

const TESTS = files('examples/**/*.test.ts').map(read).join('\n')

function blocksOf(page: string): readonly Block[] {
  const text = read(page)
  const found = [...text.matchAll(/^(`{3,})([^\n`]*)\n([^]*?)^\1$/gm)].map((match) => ({
    at: `${page}:${text.slice(0, match.index).split('\n').length}`,
    page,
    language: (match[2] ?? '').trim(),
    code: match[3] ?? '',
  }))
  return found.map((block, i) => (found[i + 1]?.language === 'output' ? { ...block, output: found[i + 1]?.code ?? '' } : block))
}
