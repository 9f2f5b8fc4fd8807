import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

export interface CodeBlock {
  /** What follows the opening fence: "graphql". */
  readonly language: string
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

export interface Heading {
  readonly level: number
  readonly text: string
  readonly anchor: string
}

export interface Link {
  readonly target: string
  readonly line: number
}

/** A Markdown file, as far as the tests look at it. */
export interface Document {
  /** From the repository's root: "docs/API.md". */
  readonly path: string
  readonly lines: readonly string[]
  readonly headings: readonly Heading[]
  readonly blocks: readonly CodeBlock[]
  /** Links and images in its prose; what stands in code is none. */
  readonly links: readonly Link[]
  /** Inline code, without its backticks. */
  readonly codeSpans: readonly string[]
}

/** README and CONTRIBUTING, everything below docs, and the README files below src and test. */
export function allDocuments(): Document[] {
  const below = (folder: string, wanted: RegExp) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((file) => wanted.test(file))
  const readme = /(?:^|\/)README\.md$/
  return ['README.md', 'CONTRIBUTING.md', ...below('docs', /\.md$/), ...below('src', readme), ...below('test', readme)]
    .sort()
    .map(readDocument)
}

export function readDocument(path: string): Document {
  return parseDocument(path, readFileSync(join(ROOT, path), 'utf8'))
}

export function parseDocument(path: string, text: string): Document {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const blocks: CodeBlock[] = []
  const prose: string[] = []
  let open: { readonly language: string; readonly line: number; readonly text: string[] } | null = null
  for (const [index, line] of lines.entries()) {
    const fence = /^\s*```(.*)$/.exec(line)
    prose.push(fence !== null || open !== null ? '' : line)
    if (fence === null) {
      open?.text.push(line)
    } else if (open === null) {
      open = { language: fence[1]?.trim() ?? '', line: index + 1, text: [] }
    } else {
      blocks.push({ ...open, text: open.text.join('\n') })
      open = null
    }
  }
  return {
    path,
    lines,
    headings: headingsOf(prose),
    blocks,
    links: prose.flatMap((line, index) => linksOf(line).map((target) => ({ target, line: index + 1 }))),
    codeSpans: prose.flatMap((line) => [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)),
  }
}

function headingsOf(prose: readonly string[]): Heading[] {
  const seen = new Map<string, number>()
  return prose.flatMap((line) => {
    const [, marks = '', text = ''] = /^(#{1,6}) +(.*?) *$/.exec(line) ?? []
    if (marks === '') return []
    const slug = slugOf(text)
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return [{ level: marks.length, text, anchor: before === 0 ? slug : `${slug}-${before}` }]
  })
}

/** GitHub's anchor of a heading. */
function slugOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function linksOf(line: string): string[] {
  const withoutCode = line.replaceAll(/`[^`]*`/g, '')
  return [...withoutCode.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** Why the links of a document lead nowhere; empty when each leads somewhere. Addresses on the web are not asked. */
export function deadLinks(document: Document, all: readonly Document[]): string[] {
  return document.links
    .filter(({ target }) => !/^[a-z]+:/.test(target))
    .flatMap(({ target, line }) => {
      const why = whyDead(document, target, all)
      return why === null ? [] : [`${document.path}:${line} links to ${target}: ${why}`]
    })
}

function whyDead(document: Document, target: string, all: readonly Document[]): string | null {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? document.path : relative(ROOT, resolve(ROOT, dirname(document.path), path))
  if (file.startsWith('..')) return 'it is outside of the repository'
  if (!existsSync(join(ROOT, file))) return `there is no ${file}`
  if (anchor === undefined) return null
  const found = file === document.path ? document : all.find((each) => each.path === file)
  if (found === undefined) return statSync(join(ROOT, file)).isDirectory() ? 'a folder has no headings' : 'no document'
  if (found.headings.some((heading) => heading.anchor === anchor)) return null
  return `${file} has no heading with the anchor ${anchor}`
}
