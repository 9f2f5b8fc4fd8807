import 'reflect-metadata'
import { describe, expect, test } from 'vitest'
import { BackupStatus } from '../../../../../src/domain/backup/backup.ts'
import { RequestMemo } from '../../../../../src/graphql/request-memo.ts'
import { backupNamed, backupPage, walPage } from '../../../../../src/graphql/types/backup/archive-pages.ts'
import type { PageArguments } from '../../../../../src/graphql/types/common/connection.ts'
import { backupOf, backupServerOf, range, walOf } from '../../../../support/builders/backups.ts'
import { away, seen } from '../../../../support/builders/observed.ts'
import { FakeOperations } from '../../../../support/fakes/fake-operation-log.ts'

const server = backupServerOf({
  backups: seen(range(1, 5).map((number) => backupOf(number, number + 1))),
  wal: seen(walOf({ 1: range(1, 9) })),
})
const ids = range(1, 5)
  .map((number) => backupOf(number, number).backupId)
  .reverse()
const memo = () => new RequestMemo({ log: new FakeOperations().log, snapshots: { ended: () => {} } })

function backups(page: PageArguments, of = server) {
  const { edges, pageInfo } = backupPage(of, page, null, memo())
  return { ids: edges.map(({ cursor }) => cursor), next: pageInfo.hasNextPage, previous: pageInfo.hasPreviousPage }
}

describe('a page of backups', () => {
  test.each<[PageArguments, number, number, boolean, boolean]>([
    [{}, 0, 5, false, false],
    [{ first: 2 }, 0, 2, true, false],
    [{ first: 2, after: ids[1] ?? '' }, 2, 4, true, true],
    [{ first: 9, after: ids[1] ?? '' }, 2, 5, false, true],
    [{ last: 2 }, 3, 5, false, true],
    [{ last: 2, before: ids[3] ?? '' }, 1, 3, true, true],
    [{ before: ids[1] ?? '' }, 0, 1, true, false],
    [{ first: 0 }, 0, 0, true, false],
  ])('%j', (page, from, to, next, previous) => {
    expect(backups(page)).toEqual({ ids: ids.slice(from, to), next, previous })
  })

  test('a cursor holds when its backup is gone', () => {
    const left = (server.backups.value ?? []).filter(({ backupId }) => backupId !== ids[1])
    expect(backups({ first: 1, after: ids[1] ?? '' }, { ...server, backups: seen(left) }).ids).toEqual([ids[2]])
  })

  test.each<[PageArguments, RegExp]>([
    [{ first: 501 }, /from 0 to 500/],
    [{ first: -1 }, /from 0 to 500/],
    [{ first: 1, last: 1 }, /not both/],
    [{ first: 1, before: 'x' }, /goes with/],
    [{ last: 1, after: 'x' }, /goes with/],
  ])('%j is refused', (page, message) => {
    expect(() => backups(page)).toThrow(message)
  })

  test('answers with nothing before Barman was ever read', () => {
    expect(backups({}, { ...server, backups: away() }).ids).toEqual([])
  })
})

test('"latest" and "oldest" are of those that are DONE', () => {
  const all = [
    backupOf(1, 2, { status: BackupStatus.FAILED }),
    backupOf(2, 3),
    backupOf(3, 4),
    backupOf(4, 5, { status: BackupStatus.STARTED }),
  ]
  const of = backupServerOf({ backups: seen(all) })
  expect(backupNamed(of, 'oldest')?.backupId).toBe(all[1]?.backupId)
  expect(backupNamed(of, 'latest')?.backupId).toBe(all[2]?.backupId)
  expect(backupNamed(of, all[3]?.backupId ?? '')?.backupId).toBe(all[3]?.backupId)
  expect(backupNamed(of, 'none')).toBeNull()
})

describe('a page of WAL', () => {
  test('ascends, from the beginning or before the end', () => {
    const first = walPage(server, { first: 2 }, null, memo())
    expect(first.edges.map(({ cursor }) => cursor.slice(-1))).toEqual(['1', '2'])
    expect(first.totalCount).toBe(9)
    const last = walPage(server, { last: 2 }, null, memo())
    expect(last.edges.map(({ cursor }) => cursor.slice(-1))).toEqual(['8', '9'])
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  })

  test('refuses a cursor that is no segment', () => {
    expect(() => walPage(server, { first: 1, after: 'x' }, null, memo())).toThrow('is no cursor')
  })
})

test('the lists of one request are bounded together', () => {
  const shared = memo()
  for (let page = 0; page < 20; page++) backupPage(server, { first: 500 }, null, shared)
  expect(() => backupPage(server, { first: 1 }, null, shared)).toThrow('10000 rows')
})
