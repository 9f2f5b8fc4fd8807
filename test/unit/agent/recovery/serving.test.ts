import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'

const AGENT = resolve(import.meta.dirname, '../../../../docker/agent')

/** `howdah-recovery`'s own judgement, of answers that are noted as the restore command notes them; answers what it takes for the end. */
const JUDGE = `
import json, os, re, sys
sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1]]
from howdah.data import roots
from howdah.recovery import asking, copies, serving
root, moved, answers = sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
roots.ROOTS = re.compile(".*")
copy = copies.Copy(root)
os.makedirs(copy.private)
serving.time.time = lambda: moved
segment = re.search(r"waiting for ([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})", "waiting for 000000030000000000000005")
seen = [serving.is_quiet(copy, "0/5000148", segment)]
for name, asked_at, code in answers:
    asking.note(root, name, asked_at, code)
    seen.append(serving.is_quiet(copy, "0/5000148", segment))
print(json.dumps(seen))
`

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'archive-end-'))
  return () => rm(root, { recursive: true })
})

/** Segment that was asked for, seconds since replay came to stand, and the exit code. */
type Answer = readonly [segment: string, seconds: number, code: 0 | 1]

const SEGMENT = '000000030000000000000005'
const OLDER_TIMELINE = '000000020000000000000005'
const NEXT = '000000030000000000000006'

test.each<[string, readonly Answer[], boolean]>([
  ['which has answered nothing since', [], false],
  ['which said that it has no more when replay had just come there', [[SEGMENT, 0.1, 1]], false],
  [
    'which says so seconds later',
    [
      [SEGMENT, 1, 1],
      [SEGMENT, 5, 1],
    ],
    true,
  ],
  ['which was away in between, and says so', [[SEGMENT, 120, 1]], true],
  ['which says so for an older timeline', [[OLDER_TIMELINE, 5, 1]], true],
  ['which says so for another segment', [[NEXT, 5, 1]], false],
  ['which hands over what it has of the segment for the first time', [[SEGMENT, 5, 0]], false],
  [
    'which had handed that over before replay stood',
    [
      [SEGMENT, 0.1, 0],
      [SEGMENT, 5, 0],
    ],
    false,
  ],
  [
    'which hands the same over again',
    [
      [SEGMENT, 0.1, 0],
      [SEGMENT, 5, 0],
      [SEGMENT, 6, 0],
    ],
    true,
  ],
  [
    'which has the segment after a while',
    [
      [SEGMENT, 1, 1],
      [SEGMENT, 5, 0],
    ],
    false,
  ],
])('an archive %s', async (_, answers, ended) => {
  const since = 1_800_000_000
  const given = JSON.stringify(answers.map(([name, seconds, code]) => [name, since + seconds, code]))
  const { stdout } = await promisify(execFile)('python3', ['-c', JUDGE, AGENT, root, String(since), given])
  expect((JSON.parse(stdout) as boolean[]).at(-1)).toBe(ended)
})

/** The same of one that goes on growing: at each look a position, and when that was. */
const PASSES = `
import json, re, sys
sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1]]
from howdah.data import roots
from howdah.recovery import copies, serving
roots.ROOTS = re.compile(".*")
copy = copies.Copy(sys.argv[2])
seen = False
for lsn, at in json.loads(sys.argv[3]):
    serving.time.time = lambda: at
    seen = serving.has_enough(copy, lsn)
print(json.dumps(seen))
`

test.each<[string, string | null, readonly [lsn: string, seconds: number][], boolean]>([
  [
    'where it ended when the replay began is unknown',
    null,
    [
      ['0/9000000', 0],
      ['0/9000000', 60],
    ],
    false,
  ],
  [
    'replay is not there yet',
    '0/6000000',
    [
      ['0/5FFFFFF', 0],
      ['0/5FFFFFF', 60],
    ],
    false,
  ],
  [
    'replay has just come there: what came meanwhile belongs to it',
    '0/6000000',
    [
      ['0/6000000', 0],
      ['0/6100000', 9],
    ],
    false,
  ],
  [
    'replay is past it for long enough',
    '0/6000000',
    [
      ['0/6000000', 0],
      ['1/0', 11],
    ],
    true,
  ],
])('an archive that goes on growing, where %s', async (_, enough, looks, ended) => {
  await mkdir(join(root, 'run'))
  await writeFile(join(root, 'run/served'), JSON.stringify({ enough }))
  const { stdout } = await promisify(execFile)('python3', ['-c', PASSES, AGENT, root, JSON.stringify(looks)])
  expect(JSON.parse(stdout)).toBe(ended)
})
