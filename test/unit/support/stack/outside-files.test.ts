import { expect, test } from 'vitest'
import { differences } from '../../../support/stack/outside-files.ts'

const files = { 'db1:/a': 'one', 'barman:/data/pg-backup/patroni/wals/1/x': 'wal' }
const after = (changes: Record<string, string>, without: string[] = []) =>
  new Map(Object.entries({ ...files, ...changes }).filter(([path]) => !without.includes(path)))

test.each([
  ['the same', after({}), []],
  ['other content', after({ 'db1:/a': 'two' }), ['db1:/a has other content']],
  ['a file that is gone', after({}, ['db1:/a']), ['db1:/a is gone']],
  ['a new file', after({ 'db2:/b': 'new' }), ['db2:/b is new']],
  ['a segment that was filed', after({ 'barman:/data/pg-backup/patroni/wals/1/y': 'wal' }), []],
  [
    'a segment that was changed',
    after({ 'barman:/data/pg-backup/patroni/wals/1/x': '!' }),
    ['barman:/data/pg-backup/patroni/wals/1/x has other content'],
  ],
])('differences: %s', (_, now, told) => {
  expect(differences(new Map(Object.entries(files)), now)).toEqual(told)
})
