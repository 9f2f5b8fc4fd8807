import { describe, expect, test } from 'vitest'
import { ArchiveWalsInput } from '../../../../../src/operations/backups/wal/archive-wals.kind.ts'
import { fileWals } from '../../../../../src/operations/backups/wal/file-wals.ts'
import { StepOutcome } from '../../../../../src/operations/define-operation.ts'
import { FakeBarman, stepContext } from '../../../../support/fakes/fake-barman.ts'

const WAL = ['000000010000000000000005', '000000010000000000000006']

describe('archiveWals', () => {
  const barmanWith = (...waiting: string[]) => {
    const barman = new FakeBarman([])
    barman.files.set('/in', waiting)
    barman.files.set('/str', ['000000010000000000000007.partial'])
    return barman
  }

  test('is already so when nothing waits; a partial segment does not', async () => {
    const { context } = stepContext(barmanWith(), new ArchiveWalsInput())
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('waits while another one files, tells so once, and ends when what waited is gone', async () => {
    const barman = barmanWith(...WAL)
    let turns = 0
    barman.archive = () => {
      turns += 1
      // Arrived meanwhile: not what this one waits for.
      if (turns === 3) barman.files.set('/in', ['000000010000000000000009'])
      return turns < 3 ? ['Another archive-wal process is already running on server patroni'] : []
    }
    const { context, told } = stepContext(barman, new ArchiveWalsInput())
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.NOT_DONE)
    await fileWals.run(context)
    expect(told.filter((line) => /already running/.test(line))).toHaveLength(1)
    expect(await fileWals.isDone?.(context)).toBe(StepOutcome.DONE)
  })

  test('gives up when nothing moves, and says what was last seen', async () => {
    const barman = barmanWith(...WAL)
    barman.archive = () => ['No space left on device']
    const { context } = stepContext(barman, new ArchiveWalsInput())
    await expect(fileWals.run(context)).rejects.toMatchObject({
      code: 'WALS_NOT_FILED',
      message: expect.stringMatching(/2 file\(s\) still wait.*No space left/),
    })
  })

  test('tells what Barman put aside', async () => {
    const barman = barmanWith(...WAL)
    barman.archive = () => {
      barman.files.set('/in', [])
      barman.files.set('/err', [`${WAL[0]}.20261122T120000Z.duplicate`, 'older.unknown'])
      return []
    }
    const { context, told } = stepContext(barman, new ArchiveWalsInput())
    await fileWals.run(context)
    expect(told.filter((line) => /errors\//.test(line))).toEqual([expect.stringContaining(`${WAL[0]}.2026`)])
  })
})
