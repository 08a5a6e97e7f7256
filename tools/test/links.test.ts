import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { pages } from './markdown.ts'
import { read, root } from './workspace.ts'

interface Link {
  readonly page: string
  readonly target: string
}

const links: readonly Link[] = pages
  .flatMap((page) => Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => ({ page, target })))
  .filter(({ target }) => !/^[a-z]+:/.test(target))

it('pages link only to files and headings that exist', () => {
  expect(links.length).toBeGreaterThan(100)
  expect(links.filter(isDead).map(({ page, target }) => `${page}: ${target}`)).toEqual([])
})

it('every page of docs can be reached from the README', () => {
  const reached = new Set(['README.md'])
  for (const page of reached) for (const link of links) if (link.page === page) reached.add(fileOf(link))
  expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
})

function isDead(link: Link): boolean {
  const file = fileOf(link)
  const [, anchor] = link.target.split('#')
  if (!existsSync(join(root, file))) return true
  return anchor !== undefined && !anchorsOf(file).has(anchor)
}

/** Of a folder its README, where there is one. */
function fileOf({ page, target }: Link): string {
  const [path = ''] = target.split('#')
  const at = path === '' ? page : join(dirname(page), path)
  const isFolder = existsSync(join(root, at)) && statSync(join(root, at)).isDirectory()
  return isFolder && existsSync(join(root, at, 'README.md')) ? join(at, 'README.md') : at
}

/** The ids that GitHub gives the headings of a page. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = Array.from(withoutCode(read(page)).matchAll(/^#+ (.*)$/gm), ([, text = '']) => text)
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '')
}
