import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { blocks, exampleOf, examples, pages, programs } from './markdown.ts'
import { commandsOf, sessions } from './shell.ts'
import { read, root } from './workspace.ts'

/** What is done with the blocks of each language. */
const LANGUAGES: Readonly<Record<string, string>> = {
  ts: 'a whole program that ends by itself, or one of `examples`: run by programs.process.test.ts, unless a test in `examples` or a command of a page does',
  output: 'what the program above it prints, to the letter; `…` is any text in a line',
  sh: 'commands, each of which is in commands.ts: run by commands.process.test.ts',
  csv: 'data: a test of DATA reads it',
  json: 'data: a test of DATA reads it',
  text: 'a picture or a layout: nothing that could be executed. The bytes in docs/protocol are compared by a test of PROTOCOL_PAGES',
}

/** The tests that read the data in pages. */
const DATA: Readonly<Record<string, string>> = { 'apps/orderbook/README.md': 'apps/orderbook/test/readme.test.ts' }

/** The tests that make the bytes in pages. */
const PROTOCOL_PAGES: Readonly<Record<string, string>> = {
  'docs/protocol/collections.md': 'packages/collections/test/protocol-page.test.ts',
  'docs/protocol/discovery.md': 'packages/discovery/test/protocol-page.test.ts',
  'docs/protocol/groups.md': 'packages/raft/test/protocol-page.test.ts',
  'docs/protocol/links.md': 'packages/core/test/protocol-page.test.ts',
  'docs/protocol/streams.md': 'packages/streams/test/protocol-page.test.ts',
}

describe('every block of every page is executed', () => {
  it.each(blocks.map((block) => [block.at, block] as const))('%s', (_, { page, language, code }) => {
    const known = Object.entries(LANGUAGES).map(([name, means]) => `\n  ${name}: ${means}`)
    expect(Object.keys(LANGUAGES), `a block of the language "${language}". There are${known.join('')}`).toContain(language)
    if (language === 'csv' || language === 'json')
      expect(tests(DATA[page]), `${page} has no test in DATA`).toContain(page.split('/').at(-1))
    if (page.startsWith('docs/protocol/') && /\b[0-9a-f]{8,}\b/.test(code)) {
      expect(tests(PROTOCOL_PAGES[page]), `${page} has no test in PROTOCOL_PAGES`).toContain(page.split('/').at(-1))
    }
  })

  it('blocks begin and end at the beginning of a line, where they are found', () => {
    for (const page of pages) {
      const fences = read(page).match(/^\s*(?:`{3,}|~{3,})/gm) ?? []
      expect(fences, page).toHaveLength(2 * blocks.filter((block) => block.page === page).length)
    }
  })

  it('outputs stand behind a program', () => {
    const alone = blocks.filter(({ language }, i) => language === 'output' && blocks[i - 1]?.language !== 'ts')
    expect(alone.map(({ at }) => at)).toEqual([])
  })
})

describe('programs', () => {
  it('of docs are files in examples, to the letter', () => {
    const others = programs.filter((block) => block.page.startsWith('docs/') && exampleOf(block) === undefined)
    expect(
      others.map(({ at }) => at),
      'make each a file in examples, or take over how it looks there',
    ).toEqual([])
  })

  it('in examples are all shown in a page, to the letter', () => {
    const shown = new Set(programs.map(exampleOf))
    expect([...examples.keys()].filter((path) => !shown.has(path))).toEqual([])
  })
})

describe('commands', () => {
  const shown = sessions.flatMap((block) => commandsOf(block).map(({ command }) => ({ at: block.at, command })))
  const isShown = ({ command }: { readonly command: string }): boolean => shown.some((one) => one.command.split('\n').includes(command))

  it.each(shown)('$at: $command is in commands.ts, which says how it is run', ({ command }) => {
    const how = COMMANDS.filter((one) => command.split('\n').includes(one.command))
    expect(how, 'add it to COMMANDS in commands.ts, with what it prints, or with the test that runs it').toHaveLength(1)
  })

  it('of the list are all in a page, and say what has to come of them', () => {
    expect(COMMANDS.filter((one) => !isShown(one)).map(({ command }) => command)).toEqual([])
    const vague = COMMANDS.filter((one) => one.elsewhere === undefined && one.prints === undefined && one.ends === undefined)
    expect(vague.map(({ command }) => command)).toEqual([])
    for (const { elsewhere } of COMMANDS) if (elsewhere?.includes('/')) expect(existsSync(join(root, elsewhere)), elsewhere).toBe(true)
  })
})

function tests(path: string | undefined): string {
  return path === undefined ? '' : read(path)
}
