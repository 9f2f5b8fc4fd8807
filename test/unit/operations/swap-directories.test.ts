import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  installRecoveryProgram,
  runProgram,
  startKilledPrograms,
  VERSION_DIRECTORY,
} from '../../support/recovery-program.ts'

// Programs are started, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let top = ''
let path = ''
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'swaps-'))
  path = await installRecoveryProgram(top)
  return () => rm(top, { recursive: true })
})

/** Where each data has a tablespace: its OID there. */
interface Tablespace {
  readonly location: string
  readonly live?: string
  readonly copy?: string
}

const IN_BOTH: Tablespace = { location: 'ts/both', live: '101', copy: '101' }
const MADE_AGAIN: Tablespace = { location: 'ts/again', live: '202', copy: '102' }
const IN_THE_COPY: Tablespace = { location: 'ts/deep/copy', copy: '103' }
const IN_THE_NODES: Tablespace = { location: 'ts/node', live: '104' }
const ALL = [IN_BOTH, MADE_AGAIN, IN_THE_COPY, IN_THE_NODES]

/** A volume of a node with its data, and a recovered copy beside it. */
async function volumeOf(tablespaces: readonly Tablespace[], name = 'volume') {
  const root = join(top, name)
  const at = (of: string) => join(root, of)
  const put = async (file: string, text: string) => {
    await mkdir(dirname(at(file)), { recursive: true })
    await writeFile(at(file), text)
  }
  for (const [of, data] of [
    ['live', 'live'],
    ['copy', 'copy/data'],
  ] as const) {
    await put(`${data}/of`, of)
    await put(`${data}/PG_VERSION`, '17\n')
    await mkdir(at(`${data}/pg_tblspc`))
  }
  const manifest = []
  for (const { location, live, copy } of tablespaces) {
    if (live !== undefined) {
      await put(`${location}/${VERSION_DIRECTORY}/of`, 'live')
      await symlink(at(location), at(`live/pg_tblspc/${live}`))
    }
    if (copy !== undefined) {
      const place = `copy/tablespaces/${copy}`
      await put(`${place}/${VERSION_DIRECTORY}/of`, 'copy')
      await symlink(at(place), at(`copy/data/pg_tblspc/${copy}`))
      manifest.push({ oid: copy, location: at(location), place: at(place) })
    }
  }
  await put('copy/tablespaces.json', JSON.stringify(manifest))
  const request = JSON.stringify({ live: at('live'), copy: at('copy'), previous: at('previous') })
  const run = (verb: string) => runProgram(['howdah-recovery', verb, request], path)
  return {
    at,
    put,
    request,
    run,
    async does(verb: string) {
      expect(await run(verb)).toMatchObject({ exitCode: 0, stderr: '' })
    },
    progress: async () => JSON.parse((await run('swap-progress')).stdout) as unknown,
    tree: () => treeOf(root),
  }
}

/** Every file, and every link, with what is in it; directories only where something is in them. */
async function treeOf(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) found[relative(root, full)] = `-> ${relative(root, await readlink(full))}`
    else if (entry.isFile()) found[relative(root, full)] = await readFile(full, 'utf8')
  }
  return found
}

/** Where each data lies, and its tablespaces: what their links lead to. */
async function lying({ tree }: { tree: () => Promise<Record<string, string>> }): Promise<Record<string, string>> {
  const files = await tree()
  const places = Object.entries({ live: 'live', copy: 'copy/data', previous: 'previous/data' })
  return Object.fromEntries(
    places.flatMap(([place, data]) => {
      if (files[`${data}/of`] === undefined) return []
      const links = Object.entries(files)
        .filter(([name]) => name.startsWith(`${data}/pg_tblspc/`))
        .map(
          ([name, to]) =>
            `${name.split('/').at(-1)} in ${to.slice(3)}: ${files[`${to.slice(3)}/${VERSION_DIRECTORY}/of`]}`,
        )
      return [[place, [files[`${data}/of`], ...links.sort()].join(', ')]]
    }),
  )
}

describe('a swap with tablespaces', () => {
  const cases: [string, readonly Tablespace[], { live: string; previous: string }][] = [
    ['none', [], { live: 'copy', previous: 'live' }],
    [
      'one in both',
      [IN_BOTH],
      { live: 'copy, 101 in ts/both: copy', previous: 'live, 101 in previous/tablespaces/101: live' },
    ],
    [
      'one that was dropped and made again',
      [MADE_AGAIN],
      { live: 'copy, 102 in ts/again: copy', previous: 'live, 202 in previous/tablespaces/202: live' },
    ],
    ['one in the copy alone', [IN_THE_COPY], { live: 'copy, 103 in ts/deep/copy: copy', previous: 'live' }],
    [
      "one in the node's data alone",
      [IN_THE_NODES],
      { live: 'copy', previous: 'live, 104 in previous/tablespaces/104: live' },
    ],
  ]
  test.each(cases)('moves %s, and back', async (_, tablespaces, swapped) => {
    const volume = await volumeOf(tablespaces)
    const before = await volume.tree()
    expect(await volume.progress()).toEqual({ progress: 'NOT_SWAPPED' })
    await volume.does('swap-check')
    await volume.does('swap')
    expect(await lying(volume)).toEqual(swapped)
    expect(await volume.progress()).toEqual({ progress: 'SWAPPED' })
    const after = await volume.tree()
    await volume.does('swap')
    expect(await volume.tree()).toEqual(after)
    await volume.does('swap-back')
    expect(await volume.tree()).toEqual(before)
    expect(await readdir(volume.at('.'))).not.toContain('previous')
    await volume.does('swap-back')
    expect(await volume.tree()).toEqual(before)
  })

  test('leaves files of others in a location where they are', async () => {
    const volume = await volumeOf([IN_BOTH, IN_THE_COPY])
    await volume.put('ts/both/lost+found/x', 'foreign')
    await volume.put('ts/deep/copy/PG_16_202307071/x', 'of an older PostgreSQL')
    const before = await volume.tree()
    await volume.does('swap-check')
    await volume.does('swap')
    expect(await volume.tree()).toMatchObject({
      'ts/both/lost+found/x': 'foreign',
      'ts/deep/copy/PG_16_202307071/x': 'of an older PostgreSQL',
    })
    await volume.does('swap-back')
    expect(await volume.tree()).toEqual(before)
  })

  test('wherever it is cut short, goes on to the same end, and back to the very beginning', async () => {
    const whole = await volumeOf(ALL, 'whole')
    await whole.does('swap')
    const files = Object.keys(await whole.tree()).sort()
    const swapped = await lying(whole)

    const programs = startKilledPrograms(path)
    onTestFinished(() => programs.end())

    /** True: it was killed somewhere. */
    async function isCutAt(steps: number): Promise<boolean> {
      const volume = await volumeOf(ALL, `cut-${steps}`)
      const before = await volume.tree()
      const codes = new Set<number>()
      const cut = async (verb: string) => codes.add(await programs.run([verb, volume.request], steps))
      const back = async () => {
        expect(await programs.run(['swap-back', volume.request], null)).toBe(0)
        expect(await volume.tree()).toEqual(before)
        expect(await readdir(volume.at('.'))).not.toContain('previous')
      }
      const on = async () => {
        expect(await programs.run(['swap', volume.request], null)).toBe(0)
        expect(await lying(volume)).toEqual(swapped)
        expect(Object.keys(await volume.tree()).sort()).toEqual(files)
      }
      await cut('swap')
      await back()
      await cut('swap')
      await on()
      await cut('swap-back')
      await on()
      await cut('swap-back')
      await back()
      expect([...codes].filter((code) => code !== 0 && code !== 137)).toEqual([])
      return codes.has(137)
    }

    let steps = 0
    while (await isCutAt(steps)) steps += 1
    // A rename and a link for each of the two times three tablespaces, and the data itself, at the least.
    expect(steps).toBeGreaterThan(14)
  })
})

describe('directories that no swap leaves', () => {
  test.each([
    ['all three', ['previous/data/of']],
    ['none', []],
  ])('%s are told, and nothing is moved', async (_, files) => {
    const volume = await volumeOf([])
    if (files.length === 0) {
      await rm(volume.at('live'), { recursive: true })
      await rm(volume.at('copy'), { recursive: true })
    }
    for (const file of files) await volume.put(file, 'x')
    const before = await volume.tree()
    expect(await volume.progress()).toMatchObject({ progress: 'UNEXPECTED', seen: expect.stringContaining('there') })
    for (const verb of ['swap', 'swap-back']) {
      expect(await volume.run(verb)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no cut-over') })
    }
    expect(await volume.tree()).toEqual(before)
  })

  test('no copy is nothing to swap, and nothing to bring back', async () => {
    const volume = await volumeOf([])
    await rm(volume.at('copy'), { recursive: true })
    expect(await volume.progress()).toEqual({ progress: 'NO_COPY' })
    expect(await volume.run('swap')).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/there is no .*copy/) })
    await volume.does('swap-back')
  })
})

describe('before anything is stopped, a swap is refused', () => {
  const refusal = async (volume: Awaited<ReturnType<typeof volumeOf>>) => {
    const { exitCode, stderr } = await volume.run('swap-check')
    return exitCode === 0 ? null : stderr
  }

  test('where files of another tablespace of this PostgreSQL lie', async () => {
    const volume = await volumeOf([IN_THE_COPY])
    await volume.put(`${IN_THE_COPY.location}/${VERSION_DIRECTORY}/of`, 'another')
    expect(await refusal(volume)).toMatch(
      /tablespace 103 belongs in .*ts\/deep\/copy, where there are files of another/,
    )
  })

  test("not where they are the node's own, which make room", async () => {
    expect(await refusal(await volumeOf([IN_BOTH, MADE_AGAIN]))).toBeNull()
  })

  test('where two links lead to one tablespace, so that its owner is unknown', async () => {
    const volume = await volumeOf([IN_THE_NODES])
    await symlink(volume.at(IN_THE_NODES.location), volume.at('live/pg_tblspc/99'))
    expect(await refusal(volume)).toMatch(/two links to .*ts\/node/)
  })

  test.skipIf(process.platform !== 'linux')('where a tablespace of the copy belongs on another volume', async () => {
    const volume = await volumeOf([{ ...IN_THE_COPY, location: '../../../../../../dev/shm/howdah-unit/ts' }])
    expect(await refusal(volume)).toMatch(/tablespace 103 belongs in .*dev\/shm.*, which is on another volume than/)
  })

  test.skipIf(process.getuid?.() === 0)('where the location may not be made', async () => {
    const volume = await volumeOf([{ ...IN_THE_COPY, location: '../../../../../../usr/howdah-unit/ts' }])
    expect(await refusal(volume)).toMatch(/tablespace 103 belongs in .*(another volume|may not be written to)/)
  })

  test.skipIf(process.platform !== 'linux')("where a tablespace of the node's lies on another volume", async () => {
    const other = await mkdtemp('/dev/shm/howdah-unit-')
    try {
      const volume = await volumeOf([])
      await symlink(other, volume.at('live/pg_tblspc/105'))
      expect(await refusal(volume)).toMatch(/howdah-unit-\w+ holds a tablespace, and is on another volume/)
    } finally {
      await rm(other, { recursive: true })
    }
  })
})
